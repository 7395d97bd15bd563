package loadgen

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// BankFileOptions are approved claims that wait for a file.
type BankFileOptions struct {
	AdminEmail, AdminPassword string

	// Records is how many there are; 0 means 10,000.
	Records int
}

// BankFile is what a bank file came to.
type BankFile struct {
	Name          string  `json:"name"`
	Records       int     `json:"records"`
	Total         int64   `json:"total"`
	ExportSeconds float64 `json:"export_seconds"` // checked, encoded, read again, sealed and stored with its payouts
	CheckSeconds  float64 `json:"check_seconds"`  // unsealed and read as the bank would
	PaySeconds    float64 `json:"pay_seconds"`    // all of it booked as paid
	CPU           Cost    `json:"cpu_seconds"`
}

// TransferFile measures one file for the bank: an administrator exports it, has it checked, and notes that the
// bank has it and has paid all of it.
func TransferFile(ctx context.Context, o Options, b BankFileOptions, out io.Writer) (Report, error) {
	fill(&b.Records, 10_000)
	fill(&b.AdminPassword, o.Password)
	fill(&o.Password, b.AdminPassword)
	o.Floor = nil
	o, err := o.settled(1)
	if err != nil {
		return Report{}, err
	}
	s, err := o.enter(ctx, "Bank file", out)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	err = s.transferFile(ctx, b)
	return s.report, err
}

func (s *session) transferFile(ctx context.Context, b BankFileOptions) error {
	token, err := s.desk.signIn(ctx, b.AdminEmail, b.AdminPassword, "administrator")
	if err != nil {
		return err
	}
	timed := func(what string, do func() error) (float64, error) {
		began := time.Now()
		err := do()
		took := time.Since(began)
		s.say("%s in %s", what, took.Round(time.Millisecond))
		return seconds(took), err
	}
	var exported struct {
		File struct {
			ID    string `json:"id"`
			Name  string `json:"name"`
			Count int    `json:"count"`
			Total int64  `json:"total"`
		} `json:"file"`
		LeftOut []struct {
			Code string `json:"code"`
		} `json:"left_out"`
	}
	var checked struct {
		Acceptable bool `json:"acceptable"`
		Count      int  `json:"count"`
	}
	var paid struct {
		Paid int `json:"paid"`
	}
	file, before := BankFile{Records: b.Records}, s.watch.all()
	if file.ExportSeconds, err = timed("exported", func() error {
		return s.desk.send(ctx, http.MethodPost, "/v1/admin/bank-files", token, rand.Text(), struct{}{}, http.StatusCreated, &exported)
	}); err != nil {
		return err
	}
	if exported.File.Count != b.Records || len(exported.LeftOut) > 0 {
		return fmt.Errorf("file %s has %d records, expected %d; %d claims were left out", exported.File.Name, exported.File.Count, b.Records, len(exported.LeftOut))
	}
	path := "/v1/admin/bank-files/" + url.PathEscape(exported.File.ID)
	if file.CheckSeconds, err = timed("checked", func() error { return s.desk.get(ctx, token, path+"/check", &checked) }); err != nil {
		return err
	}
	if !checked.Acceptable || checked.Count != b.Records {
		return fmt.Errorf("file %s would be refused, or has %d records", exported.File.Name, checked.Count)
	}
	if err := s.desk.send(ctx, http.MethodPost, path+"/sending", token, "", nil, http.StatusOK, &struct{}{}); err != nil {
		return err
	}
	if file.PaySeconds, err = timed("paid", func() error {
		return s.desk.send(ctx, http.MethodPost, path+"/payment", token, rand.Text(), struct{}{}, http.StatusCreated, &paid)
	}); err != nil {
		return err
	}
	if paid.Paid != b.Records {
		return fmt.Errorf("file %s: %d transfers were booked, expected %d", exported.File.Name, paid.Paid, b.Records)
	}
	s.watch.lookAtMemory()
	s.report.Memory = s.watch.memory
	file.Name, file.Total, file.CPU = exported.File.Name, exported.File.Total, s.watch.all().since(before)
	s.report.BankFile = &file
	return nil
}

func (f BankFile) table(out *strings.Builder) {
	fmt.Fprintf(out, "| Records | Yen | Export s | Check s | Payment s | CPU s: server | PostgreSQL | client |\n|---:|---:|---:|---:|---:|---:|---:|---:|\n"+
		"| %s | %s | %.2f | %.2f | %.2f | %s | %s | %s |\n", grouped(int64(f.Records)), grouped(f.Total), f.ExportSeconds, f.CheckSeconds, f.PaySeconds,
		inSeconds(f.CPU.Server), inSeconds(f.CPU.Postgres), inSeconds(f.CPU.Client))
}
