package settling

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// UploadBytesMax bounds a file that is handed in to be looked at: 15,000 records and more.
const UploadBytesMax = 2 << 20

// ErrUpload refuses a file to look at.
var ErrUpload = fault.Define(fault.Invalid, "bank_file_upload_invalid", "ファイルは1バイトから2MBまでで指定してください。")

// Formats are the formats in which files can be made, by name.
type Formats map[string]settlement.Format

// Files makes files for the bank, hands them out, and looks at files.
type Files struct {
	office  auditing.Office[Stores]
	reader  settlement.Reader
	vault   settlement.Vault
	banks   bank.Directory
	formats Formats
}

// NewFiles makes the activity.
func NewFiles(
	unit usecase.Unit[Stores], reader settlement.Reader, vault settlement.Vault, banks bank.Directory, formats Formats, clock usecase.Clock,
) *Files {
	return &Files{auditing.Office[Stores]{Unit: unit, Clock: clock}, reader, vault, banks, formats}
}

// Export makes a file of all claims that can be paid, once per key. Claims that cannot go into it are left out with the
// reason; a file with a violation that blocks it is refused with the list of them.
func (f *Files) Export(ctx context.Context, actor access.Actor, cmd ExportCommand, reason string) (Exported, error) {
	act := audit.Act{Action: ActExport, Reason: reason}
	if !cmd.Former.IsZero() {
		act = audit.Act{Action: ActReexport, Target: cmd.Former.String(), Reason: reason}
	}
	if cmd.NotSent {
		act.After = map[string]string{"not_sent": "true"} // what was stated is kept with who stated it, refused or not
	}
	if err := auditing.Allow(ctx, f.office, actor, access.Settle, act); err != nil {
		return Exported{}, err
	}
	ready, wrong := f.prepare(ctx, actor, cmd)
	if _, refused := fault.Of(wrong); wrong != nil && !refused {
		return Exported{}, wrong
	}
	made, err := auditing.Do(ctx, f.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (Exported, error) {
		if wrong != nil {
			return Exported{}, wrong
		}
		if err := cmd.Key.Valid(); err != nil {
			return Exported{}, err
		}
		job := ready
		job.Stores, job.now = s, now
		made, err := job.run(ctx)
		if err != nil {
			return Exported{}, err
		}
		if act.Target == "" {
			act.Target = made.ID.String()
		}
		if made.Replayed {
			act.Outcome = auditing.Replayed
			return made, nil
		}
		act.After = lo.Assign(act.After, map[string]string{
			"file": made.ID.String(), "name": made.Name, "sha256": made.HashText(), "date": made.Date.String(), "count": decimal(made.Count),
			"total": decimal(made.Total), "left_out": decimal(len(made.LeftOut)), "remaining": decimal(made.Remaining),
		})
		return made, nil
	})
	if err != nil || !made.Replayed {
		return made, err
	}
	if made.File, err = f.reader.File(ctx, made.ID); err != nil {
		return Exported{}, fmt.Errorf("read file %s: %w", made.ID, err)
	}
	return made, nil
}

// errTried ends a unit that was only a try.
var errTried = errors.New("tried")

// Preview tells what an export would make, and makes nothing.
func (f *Files) Preview(ctx context.Context, actor access.Actor, cmd ExportCommand) (Exported, error) {
	if err := access.Allow(actor, access.Settle); err != nil {
		return Exported{}, err
	}
	cmd.Key = ""
	ready, err := f.prepare(ctx, actor, cmd)
	if err != nil {
		return Exported{}, err
	}
	var made Exported
	err = f.office.Unit.Do(ctx, func(ctx context.Context, s Stores) (err error) {
		job := ready
		job.Stores, job.now = s, f.office.Clock()
		if made, err = job.run(ctx); err != nil {
			return err
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return Exported{}, err
	}
	return made, nil
}

// prepare gathers what a file needs beside the unit.
func (f *Files) prepare(ctx context.Context, actor access.Actor, cmd ExportCommand) (maker, error) {
	format, err := f.format(cmd.Format)
	if err != nil {
		return maker{}, err
	}
	master, err := f.banks.Master(ctx)
	if err != nil {
		return maker{}, fmt.Errorf("bank master: %w", err)
	}
	ready := maker{cmd: cmd, actor: actor, format: format, vault: f.vault, master: master, until: map[settlement.PeriodID]calendar.Day{}}
	for after := ""; ; {
		periods, err := f.reader.Periods(ctx, after, page.LimitMax)
		if err != nil {
			return maker{}, fmt.Errorf("read periods: %w", err)
		}
		for _, p := range periods.Rows {
			if p.Closed {
				ready.until[p.ID] = p.Until
			}
		}
		if after = periods.Next; after == "" {
			return ready, nil
		}
	}
}

func (f *Files) format(name string) (settlement.Format, error) {
	if name == "" {
		name = settlement.FormatZengin
	}
	format, known := f.formats[name]
	if !known {
		return nil, settlement.ErrFileFormat.At("format")
	}
	return format, nil
}

// List shows files without their content, newest first.
func (f *Files) List(ctx context.Context, actor access.Actor, after string, limit int) (page.Of[settlement.File], error) {
	if err := access.Allow(actor, access.SeeSettlement); err != nil {
		return page.Of[settlement.File]{}, err
	}
	if err := validLimit(limit); err != nil {
		return page.Of[settlement.File]{}, err
	}
	return f.reader.Files(ctx, after, limit)
}

// One shows a file without its content.
func (f *Files) One(ctx context.Context, actor access.Actor, id settlement.FileID) (settlement.File, error) {
	if err := access.Allow(actor, access.SeeSettlement); err != nil {
		return settlement.File{}, err
	}
	file, err := f.reader.File(ctx, id)
	file.Sealed = nil
	return file, err
}

// Content gives a file to be taken to the bank. That somebody took it stands in the trail, and who was the first with
// the file, which is not replaced lightly then; one that was voided, or of which a transfer came back, is not given out
// any more. Exports are kept out meanwhile, so that a file is not handed out while another one takes its place.
func (f *Files) Content(ctx context.Context, actor access.Actor, id settlement.FileID) (settlement.File, []byte, error) {
	act := audit.Act{Action: ActDownload, Target: id.String()}
	file, err := auditing.Do(ctx, f.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (settlement.File, error) {
		if err := s.Claims.LockExports(ctx); err != nil {
			return settlement.File{}, fmt.Errorf("lock exports: %w", err)
		}
		file, err := s.Claims.LockFile(ctx, id)
		if err != nil {
			return settlement.File{}, err
		}
		payouts, err := s.Claims.PayoutsOf(ctx, id, 0, exportClaims)
		if err != nil {
			return settlement.File{}, fmt.Errorf("payouts of file %s: %w", id, err)
		}
		first := file.TakenAt.IsZero()
		if err := file.Take(actor.User, now, payouts); err != nil {
			return settlement.File{}, err
		}
		act.After = map[string]string{"name": file.Name, "sha256": file.HashText()}
		if !first {
			return file, nil
		}
		if err := s.Claims.SaveFile(ctx, file); err != nil {
			return settlement.File{}, fmt.Errorf("save file %s: %w", id, err)
		}
		file.Version++
		return file, nil
	})
	if err != nil {
		return settlement.File{}, nil, err
	}
	content, err := f.open(file)
	return file, content, err
}

// open unseals a file and holds it against its hash.
func (f *Files) open(file settlement.File) ([]byte, error) {
	content, err := f.vault.Unseal(purposeFile+file.ID.String(), file.Sealed)
	if err != nil {
		return nil, fmt.Errorf("unseal file %s: %w", file.ID, err)
	}
	if sha256.Sum256(content) != file.SHA256 {
		return nil, fmt.Errorf("file %s has another hash than was kept", file.ID)
	}
	return content, nil
}

// Looked is what was found in a file.
type Looked struct {
	Count      int
	Total      money.Yen
	Date       calendar.Day // zero where it could not be read
	SHA256     [32]byte
	Violations []bank.Violation
}

// Check looks at a file of our own as the bank would.
func (f *Files) Check(ctx context.Context, actor access.Actor, id settlement.FileID) (Looked, error) {
	if err := access.Allow(actor, access.Settle); err != nil {
		return Looked{}, err
	}
	file, err := f.reader.File(ctx, id)
	if err != nil {
		return Looked{}, err
	}
	content, err := f.open(file)
	if err != nil {
		return Looked{}, err
	}
	return f.look(ctx, file.Format, content, file.Date)
}

// Validate looks at any file that was handed in, and keeps nothing of it.
func (f *Files) Validate(ctx context.Context, actor access.Actor, format string, content []byte) (Looked, error) {
	if err := access.Allow(actor, access.Settle); err != nil {
		return Looked{}, err
	}
	if len(content) < 1 || len(content) > UploadBytesMax {
		return Looked{}, ErrUpload.At("content")
	}
	return f.look(ctx, format, content, calendar.DayOf(f.office.Clock()))
}

// look reads a file and, where it can be read whole, holds it against the bank master and the calendar as well.
func (f *Files) look(ctx context.Context, name string, content []byte, near calendar.Day) (Looked, error) {
	format, err := f.format(name)
	if err != nil {
		return Looked{}, err
	}
	settings, err := f.reader.Settings(ctx)
	if err != nil {
		return Looked{}, fmt.Errorf("read settings of settlement: %w", err)
	}
	master, err := f.banks.Master(ctx)
	if err != nil {
		return Looked{}, fmt.Errorf("bank master: %w", err)
	}
	read, found := format.Read(content, settings.Profile, near)
	looked := Looked{Count: len(read.Transfers), Total: read.Total(), Date: read.Date, SHA256: sha256.Sum256(content), Violations: found}
	if refuse(found) == nil && read.Originator != (bank.Originator{}) {
		today := calendar.DayOf(f.office.Clock())
		looked.Violations = merge(found, bank.Check(read, settings.Profile, master, settings.Closures().BankOpen, today))
	}
	return looked, nil
}

// Send notes that the bank has the file. Only then can its transfers be noted as paid, or as having come back.
func (f *Files) Send(ctx context.Context, actor access.Actor, id settlement.FileID) (settlement.File, error) {
	act := audit.Act{Action: ActSend, Target: id.String()}
	return auditing.Do(ctx, f.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (settlement.File, error) {
		if err := s.Claims.LockExports(ctx); err != nil {
			return settlement.File{}, fmt.Errorf("lock exports: %w", err)
		}
		file, err := s.Claims.LockFile(ctx, id)
		if err != nil {
			return settlement.File{}, err
		}
		payouts, err := s.Claims.PayoutsOf(ctx, id, 0, exportClaims)
		if err != nil {
			return settlement.File{}, fmt.Errorf("payouts of file %s: %w", id, err)
		}
		if err := file.Send(actor.User, now, payouts); err != nil {
			return settlement.File{}, err
		}
		act.After = map[string]string{"name": file.Name, "sha256": file.HashText()}
		if err := s.Claims.SaveFile(ctx, file); err != nil {
			return settlement.File{}, fmt.Errorf("save file %s: %w", id, err)
		}
		file.Version++
		file.Sealed = nil
		return file, nil
	})
}
