package rest

import (
	"errors"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// separator parts the code of a breach from what huma adds to it.
const separator = "\x1f"

// breaches are the ways in which a value can break the contract: the code, and what to tell the person. A # stands
// for the limit, which comes from the contract and never from the request.
var breaches = map[string]string{
	"unknown_field": "この項目は指定できません。",
	"required":      "入力してください。",
	"integer":       "整数で入力してください。",
	"boolean":       "true または false を指定してください。",
	"text":          "文字で入力してください。制御文字は使えません。",
	"list":          "一覧（配列）で指定してください。",
	"object":        "オブジェクトで指定してください。",
	"choice":        "次のいずれかを指定してください: #",
	"minimum":       "#以上で入力してください。",
	"maximum":       "#以下で入力してください。",
	"too_short":     "#文字以上で入力してください。",
	"too_long":      "#文字以内で入力してください。",
	"too_few":       "#件以上指定してください。",
	"too_many":      "#件以内で指定してください。",
	"pattern":       "形式が正しくありません。",
	"date":          "日付は 2026-04-01 の形で入力してください。",
	"date_time":     "日時は 2026-04-01T09:00:00+09:00 の形で入力してください。",
	"email":         "メールアドレスの形が正しくありません。",
	"identifier":    "識別子の形が正しくありません。",
	"value":         "値が正しくありません。",
}

// teachHuma replaces huma's process-wide texts once, before the first operation is registered: its refusals repeat
// the rejected value, a password too, and are English. Each text becomes one of our codes, and what huma fills in
// follows behind the separator.
var teachHuma = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	validation.MsgUnexpectedProperty = "unknown_field"
	validation.MsgExpectedRequiredProperty = "required" + separator + "%s"
	validation.MsgExpectedDependentRequiredProperty = "required" + separator + "%s" + separator + "%s"
	validation.MsgExpectedInteger = "integer"
	validation.MsgExpectedNumber = "integer"
	validation.MsgExpectedBoolean = "boolean"
	validation.MsgExpectedString = "text"
	validation.MsgExpectedArray = "list"
	validation.MsgExpectedObject = "object"
	validation.MsgExpectedOneOf = "choice" + separator + "%s"
	validation.MsgExpectedMinimumNumber = "minimum" + separator + "%.0f"
	validation.MsgExpectedMaximumNumber = "maximum" + separator + "%.0f"
	validation.MsgExpectedMinLength = "too_short" + separator + "%d"
	validation.MsgExpectedMaxLength = "too_long" + separator + "%d"
	validation.MsgExpectedMinItems = "too_few" + separator + "%d"
	validation.MsgExpectedMaxItems = "too_many" + separator + "%d"
	validation.MsgExpectedBePattern = "pattern" + separator + "%s"
	validation.MsgExpectedMatchPattern = "pattern" + separator + "%s"
	validation.MsgExpectedRFC3339Date = "date"
	validation.MsgExpectedRFC3339DateTime = "date_time"
	validation.MsgExpectedRFC5322Email = "email" + separator + "%v"
	validation.MsgExpectedRFC4122UUID = "identifier" + separator + "%v"
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		return refusalOfHuma(status, errs)
	}
	huma.NewErrorWithContext = func(_ huma.Context, status int, message string, errs ...error) huma.StatusError {
		return refusalOfHuma(status, errs)
	}
})

// humaTexts are the texts that huma does not let anyone replace.
var humaTexts = []struct{ prefix, code string }{
	{"required ", "required"},
	{"unknown query parameter", "unknown_field"},
	{"invalid integer", "integer"},
	{"invalid boolean", "boolean"},
	{"invalid date/time", "date_time"},
}

// refusalOfHuma makes a problem of what huma found at fault. Its messages and values are dropped.
func refusalOfHuma(status int, errs []error) *Problem {
	switch {
	case status == 0: // asked for its type, for the document
		return &Problem{}
	case status == problemJSON.Status: // the body is missing, or no JSON at all
		return &problemJSON
	case status != problemInvalid.Status:
		return byStatus(status)
	}
	refusal := problemInvalid
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			refusal.Errors = append(refusal.Errors, fieldOfHuma(detail))
		}
	}
	return &refusal
}

func fieldOfHuma(detail *huma.ErrorDetail) ProblemField {
	code, rest, _ := strings.Cut(detail.Message, separator)
	limit, _, _ := strings.Cut(rest, separator)
	if _, known := breaches[code]; !known {
		code = "value"
		for _, text := range humaTexts {
			if strings.HasPrefix(detail.Message, text.prefix) {
				code = text.code
			}
		}
	}
	path := detail.Location
	if code == "required" && limit != "" {
		path += "." + limit
	}
	return ProblemField{
		Path: safePath(path), Code: code,
		Message: strings.ReplaceAll(breaches[code], "#", strings.ReplaceAll(limit, `", "`, "、")),
	}
}
