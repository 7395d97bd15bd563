package rest

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/access"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/banktest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/banking"
	"lovesaijo/usecase/signingin"
)

// bankCounter is an interface that has the routes of banks only.
type bankCounter struct {
	t   *testing.T
	app *fiber.App
	own *bank.Master
}

// roleSigner takes the name of a role for the token of somebody who has it.
type roleSigner struct{}

func (roleSigner) Issue(access.Claims) (string, error) { return "", nil }

func (roleSigner) Verify(token string, now time.Time) (access.Claims, error) {
	for _, role := range []user.Role{user.Resident, user.Merchant, user.Clerk, user.Administrator} {
		if role.String() == token {
			return access.Claims{User: ident.New[user.User](now), Role: role, ExpiresAt: now.Add(time.Minute)}, nil
		}
	}
	return access.Claims{}, access.ErrAccessToken
}

// rowReader reads rows that are spelled as masters have them already.
type rowReader struct{}

func (rowReader) Read(asOf calendar.Day, source string, file []byte) (bank.Draft, error) {
	var rows []bank.MasterRow
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSpace(line)
		row := bank.MasterRow{No: len(rows) + 1, Source: line, Fault: bank.ErrMasterRowForm}
		if c := strings.Split(line, ","); len(c) == 6 {
			row.Listing, row.Fault = banktest.Listing(bank.Code(c[0]), c[2], bank.Kana(c[3]), bank.BranchCode(c[1]), c[4], bank.Kana(c[5])), nil
		}
		rows = append(rows, row)
	}
	return bank.NewDraft(asOf, source, rows)
}

func openBankCounter(t *testing.T) bankCounter {
	t.Helper()
	store, own := memory.New(), banktest.Master(t)
	embedded := func() (*bank.Master, error) { return own, nil }
	now := func() time.Time { return time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC) }
	list := banking.New(memory.NewUnit(store, func(s *memory.Session) banking.Stores {
		return banking.Stores{Masters: s.BankMasters(embedded), Trail: s.Trail()}
	}), store.Banks(embedded), rowReader{}, now)

	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	s := &server{Deps: Deps{Log: log, Now: now, Guard: signingin.NewGuard(roleSigner{}, accesstest.NewMemorySessions(), now)}, log: log}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true, ErrorHandler: s.lastResort})
	app.Use(s.edge)
	teachHuma()
	config := huma.DefaultConfig("banks", contractVersion)
	config.CreateHooks, config.DocsPath, config.OpenAPIPath, config.SchemasPath = nil, "", "", ""
	config.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	c := &contract{server: s, api: huma.NewAPI(config, carrier{app})}
	c.banks(list)
	return bankCounter{t, app, own}
}

// ask sends a request in the name of a role and gives status and answer.
func (b bankCounter) ask(role user.Role, method, path string, body any) (int, map[string]any) {
	b.t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(b.t, err)
	request := httptest.NewRequest(method, path, strings.NewReader(string(encoded)))
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	if role != 0 {
		request.Header.Set("Authorization", "Bearer "+role.String())
	}
	response, err := b.app.Test(request, -1)
	require.NoError(b.t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.NoError(b.t, response.Body.Close())
	var answer map[string]any
	require.NoError(b.t, json.Unmarshal(text, &answer), string(text))
	return response.StatusCode, answer
}

func (b bankCounter) gives(role user.Role, method, path string, body any, status int) map[string]any {
	b.t.Helper()
	got, answer := b.ask(role, method, path, body)
	require.Equal(b.t, status, got, "%v", answer)
	return answer
}

func (b bankCounter) refuses(role user.Role, method, path string, body any, status int, code string) map[string]any {
	b.t.Helper()
	answer := b.gives(role, method, path, body, status)
	require.Equal(b.t, code, answer["code"])
	return answer
}

type fields = map[string]any

func sheetOf(listings []bank.Listing, further ...string) string {
	var lines []string
	for _, l := range listings {
		lines = append(lines, strings.Join([]string{
			string(l.Bank.Code), string(l.Branch.Code), l.Bank.Name, string(l.Bank.Kana), l.Branch.Name, string(l.Branch.Kana),
		}, ","))
	}
	return strings.Join(append(lines, further...), "\n")
}

func codesIn(rows any) (codes []any) {
	for _, row := range rows.([]any) {
		codes = append(codes, row.(fields)["code"])
	}
	return codes
}

func TestBanksAndBranchesAreFoundByWhoeverIsSignedIn(t *testing.T) {
	t.Parallel()
	b := openBankCounter(t)
	found := b.gives(user.Merchant, http.MethodGet, "/v1/banks?q=%E3%81%84%E3%82%88", nil, http.StatusOK)
	require.Equal(t, fields{"banks": []any{fields{"code": "0174", "name": "伊予", "kana": "ｲﾖ"}}, "more": false}, found)
	some := b.gives(user.Resident, http.MethodGet, "/v1/banks?limit=2", nil, http.StatusOK)
	require.Equal(t, []any{"0174", "0576"}, codesIn(some["banks"]))
	require.Equal(t, true, some["more"])
	branches := b.gives(user.Clerk, http.MethodGet, "/v1/banks/0174/branches?q=25", nil, http.StatusOK)
	require.Equal(t, []any{"255", "258"}, codesIn(branches["branches"]))
	require.Equal(t, "伊予", branches["bank"].(fields)["name"])
	require.Equal(t, []any{}, b.gives(user.Merchant, http.MethodGet, "/v1/banks/0174/branches?q=x", nil, http.StatusOK)["branches"])

	b.refuses(user.Merchant, http.MethodGet, "/v1/banks/0001/branches", nil, http.StatusNotFound, "bank_not_found")
	b.refuses(user.Merchant, http.MethodGet, "/v1/banks?limit=101", nil, http.StatusUnprocessableEntity, "request_invalid")
	b.refuses(user.Merchant, http.MethodGet, "/v1/banks?name=x", nil, http.StatusUnprocessableEntity, "request_invalid")
	b.refuses(0, http.MethodGet, "/v1/banks", nil, http.StatusUnauthorized, "not_signed_in")
	b.refuses(0, http.MethodGet, "/v1/banks/0174/branches", nil, http.StatusUnauthorized, "not_signed_in")
}

func TestTheListOfBanksIsPreviewedAndReplaced(t *testing.T) {
	t.Parallel()
	b := openBankCounter(t)
	present := b.gives(user.Administrator, http.MethodGet, bankMasterPath, nil, http.StatusOK)
	require.Equal(t, fields{
		"as_of": "2026-11-01", "source": "試験", "sha256": b.own.SHA256, "banks": 4.0, "branches": 7.0, "stale": false,
	}, present)
	listings := banktest.Listings()
	listings[0].Branch.Name = "西条本店"
	listings = append(listings[:5], listings[6:]...) // without the test bank's head office
	proposal := fields{"as_of": "2026-11-20", "source": "一覧 11月", "csv": sheetOf(listings, "9999,0x1,テスト,ﾃｽﾄ,北,ｷﾀ", "9999,003,テスト,ﾃｽﾄ,東,ﾋｶﾞｼ")}
	forecast := b.gives(user.Administrator, http.MethodPost, bankMasterPath+"/preview", proposal, http.StatusOK)
	require.Equal(t, present, forecast["present"])
	require.Equal(t, true, forecast["partial"])
	require.Equal(t, []any{1.0, 1.0, 1.0, 1.0}, []any{forecast["added"], forecast["removed"], forecast["renamed"], forecast["refused"]})
	require.Equal(t, []any{
		fields{"change": "removed", "bank": "9999", "branch": "001", "before": fields{"code": "001", "name": "本店", "kana": "ﾎﾝﾃﾝ"}},
		fields{
			"change": "renamed", "bank": "0174", "branch": "255",
			"before": fields{"code": "255", "name": "西条", "kana": "ｻｲｼﾞﾖｳ"}, "after": fields{"code": "255", "name": "西条本店", "kana": "ｻｲｼﾞﾖｳ"},
		},
		fields{"change": "added", "bank": "9999", "branch": "003", "after": fields{"code": "003", "name": "東", "kana": "ﾋｶﾞｼ"}},
	}, forecast["changes"])
	require.Equal(t, []any{fields{
		"row": 7.0, "source": "9999,0x1,テスト,ﾃｽﾄ,北,ｷﾀ", "code": "bank_branch_code_malformed", "reason": "支店コードは数字3桁で入力してください。",
	}}, forecast["refused_rows"])

	proposal["replaces"] = b.own.SHA256
	refusal := b.refuses(user.Administrator, http.MethodPost, bankMasterPath, proposal, http.StatusUnprocessableEntity, "bank_master_partial")
	require.Equal(t, fields{"refused": 1.0, "removed_branches": 1.0}, refusal["figures"])
	require.Equal(t, "body.rows[7]", refusal["errors"].([]any)[0].(fields)["path"])
	proposal["accept_partial"], proposal["reason"] = true, "月次"
	done := b.gives(user.Administrator, http.MethodPost, bankMasterPath, proposal, http.StatusCreated)
	require.Equal(t, forecast["next"], done["next"])
	require.Equal(t, done["next"], any(b.gives(user.Administrator, http.MethodGet, bankMasterPath, nil, http.StatusOK)))
	b.refuses(user.Administrator, http.MethodPost, bankMasterPath, proposal, http.StatusConflict, "bank_master_changed")
	b.refuses(user.Merchant, http.MethodGet, bankMasterPath, nil, http.StatusForbidden, "not_allowed")
	b.refuses(user.Merchant, http.MethodPost, bankMasterPath, proposal, http.StatusForbidden, "not_allowed")
}

func TestAFileOfBanksComesAsTextOrAsBytes(t *testing.T) {
	t.Parallel()
	b := openBankCounter(t)
	sheet := sheetOf(banktest.Listings())
	proposal := func(change fields) fields {
		p := fields{"as_of": "2026-11-20", "source": "一覧"}
		for name, value := range change {
			p[name] = value
		}
		return p
	}
	preview := bankMasterPath + "/preview"
	text := b.gives(user.Administrator, http.MethodPost, preview, proposal(fields{"csv": sheet}), http.StatusOK)
	bytes := b.gives(user.Administrator, http.MethodPost, preview, proposal(fields{"file": base64.StdEncoding.EncodeToString([]byte(sheet))}), http.StatusOK)
	require.Equal(t, text, bytes)
	require.Equal(t, []any{}, text["changes"])
	for name, c := range map[string]struct {
		change fields
		code   string
	}{
		"neither":         {fields{}, "bank_master_file_malformed"},
		"both":            {fields{"csv": sheet, "file": "eA=="}, "bank_master_file_malformed"},
		"a day to come":   {fields{"csv": sheet, "as_of": "2026-11-24"}, "bank_master_day_invalid"},
		"a day of no one": {fields{"csv": sheet, "as_of": "2026-13-01"}, "request_invalid"},
		"no source":       {fields{"csv": sheet, "source": ""}, "bank_master_source_invalid"},
		"an old list":     {fields{"csv": sheet, "as_of": "2026-10-01"}, "bank_master_superseded"},
		"no good row":     {fields{"csv": "x"}, "bank_master_empty"},
	} {
		_, answer := b.ask(user.Administrator, http.MethodPost, preview, proposal(c.change))
		require.Equal(t, c.code, answer["code"], name)
	}
	b.refuses(user.Administrator, http.MethodPost, preview, proposal(fields{"file": "no base64!"}), http.StatusUnprocessableEntity, "request_invalid")
}
