package bootstrap

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"lovesaijo/domain/fault"
)

// inWords gives a refusal as an operator at the console reads it: with its sentence and the fields at fault.
func inWords(err error) error {
	refusal, ok := fault.Of(err)
	if !ok {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s", refusal.Code, refusal.Message)
	for _, f := range refusal.Fields {
		fmt.Fprintf(&text, "\n  %s: %s", f.Path, f.Message)
	}
	return errors.New(text.String())
}

// randomPassword makes a password that nobody can guess and anybody can type: 16 letters in groups of four.
func randomPassword() string {
	text := strings.ToLower(rand.Text()[:16])
	return strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-")
}
