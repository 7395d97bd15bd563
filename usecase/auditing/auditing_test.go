package auditing_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/page"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
	"lovesaijo/usecase/citytest"
)

type stores struct {
	Treasury fund.Treasury
	Trail    audit.Trail
}

func (s stores) AuditTrail() audit.Trail { return s.Trail }

var errAccident = errors.New("the disk is full")

func setScene(t *testing.T) (*citytest.City, auditing.Office[stores]) {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, func(s citytest.Stores) stores { return stores{s.Treasury, s.Trail} })
	return city, auditing.Office[stores]{Unit: unit, Clock: city.Clock}
}

// open opens a fund and then ends as it is told to.
func open(t *testing.T, office auditing.Office[stores], actor access.Actor, end error) error {
	t.Helper()
	act := audit.Act{Action: "fund.open", Target: "new", Reason: "試験"}
	name, err := auditing.Do(t.Context(), office, actor, access.ManageFunds, act, func(ctx context.Context, s stores, now time.Time, act *audit.Act) (string, error) {
		act.After = map[string]string{"name": "新しい原資"}
		if err := s.Treasury.Add(ctx, fund.Fund{Code: "new", Name: "新しい原資", OpenedAt: now}); err != nil {
			return "", err
		}
		return "新しい原資", end
	})
	if err != nil {
		require.Empty(t, name)
	}
	return err
}

func acts(t *testing.T, city *citytest.City) []audit.Act {
	t.Helper()
	found, err := city.Acts.Acts(t.Context(), audit.Query{Limit: page.LimitMax})
	require.NoError(t, err)
	return found.Rows
}

func TestWhatIsDoneIsRecordedWithIt(t *testing.T) {
	t.Parallel()
	city, office := setScene(t)
	require.NoError(t, open(t, office, city.Official, nil))
	recorded := acts(t, city)
	require.Len(t, recorded, 1)
	require.False(t, recorded[0].ID.IsZero())
	recorded[0].ID = audit.ID{}
	require.Equal(t, audit.Act{
		At: citytest.Noon, Actor: city.Official, Action: "fund.open", Target: "new", After: map[string]string{"name": "新しい原資"},
		Reason: "試験", Outcome: auditing.Done,
	}, recorded[0])
}

func TestWhatIsRefusedIsRecordedWithoutIt(t *testing.T) {
	t.Parallel()
	city, office := setScene(t)
	require.ErrorIs(t, open(t, office, city.Official, fund.ErrInUse), fund.ErrInUse)
	require.Equal(t, []string{"fund.open fund_in_use"}, city.Outcomes(t))
	require.Empty(t, acts(t, city)[0].After, "what was not done changed nothing")
	_, err := city.Funds.Fund(t.Context(), "new")
	require.Error(t, err)
}

func TestWhoMayNotIsRefusedAndRecordedUnlessNobody(t *testing.T) {
	t.Parallel()
	city, office := setScene(t)
	require.ErrorIs(t, open(t, office, citytest.Actor(city.Resident(t)), nil), access.ErrNotAllowed)
	require.ErrorIs(t, open(t, office, access.Actor{}, nil), access.ErrNotSignedIn)
	require.Equal(t, []string{"fund.open not_allowed"}, city.Outcomes(t))
}

func TestAnAccidentIsNoAct(t *testing.T) {
	t.Parallel()
	city, office := setScene(t)
	require.ErrorIs(t, open(t, office, city.Official, errAccident), errAccident)
	require.Empty(t, acts(t, city))
}

func TestAnOverlongReasonIsRefused(t *testing.T) {
	t.Parallel()
	city, office := setScene(t)
	act := audit.Act{Action: "fund.open", Reason: strings.Repeat("理", auditing.ReasonRunesMax+1)}
	_, err := auditing.Do(t.Context(), office, city.Official, access.ManageFunds, act, func(context.Context, stores, time.Time, *audit.Act) (bool, error) {
		return true, nil
	})
	require.ErrorIs(t, err, auditing.ErrReason)
}

type lostTrail struct{ audit.Trail }

func (lostTrail) Record(context.Context, audit.Act) error { return errAccident }

func TestNothingIsDoneThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	city, office := setScene(t)
	office.Unit = citytest.Narrow(city, func(s citytest.Stores) stores { return stores{s.Treasury, lostTrail{}} })
	require.ErrorIs(t, open(t, office, city.Official, nil), errAccident)
	_, err := city.Funds.Fund(t.Context(), "new")
	require.Error(t, err)
	require.ErrorIs(t, open(t, office, city.Official, fund.ErrInUse), errAccident, "a refusal that cannot be recorded is an accident")
}

// losing is a unit whose first attempt is always lost against another unit, and rolled back.
type losing struct{ usecase.Unit[stores] }

func (u losing) Do(ctx context.Context, work func(context.Context, stores) error) error {
	err := u.Unit.Do(ctx, func(ctx context.Context, s stores) error { return errors.Join(work(ctx, s), errAccident) })
	if !errors.Is(err, errAccident) {
		return err
	}
	return u.Unit.Do(ctx, work)
}

func TestWhatALostAttemptNotedDoesNotStandInTheTrail(t *testing.T) {
	t.Parallel()
	city, office := setScene(t)
	office.Unit = losing{office.Unit}
	attempts := 0
	act := audit.Act{Action: "points.grant", After: map[string]string{"amount": "100"}}
	_, err := auditing.Do(t.Context(), office, city.Official, access.Grant, act, func(_ context.Context, _ stores, _ time.Time, act *audit.Act) (bool, error) {
		if attempts++; attempts == 1 {
			act.After["entry"] = "of an entry that never was"
			return true, nil
		}
		return false, fund.ErrClosed
	})
	require.ErrorIs(t, err, fund.ErrClosed)
	recorded := acts(t, city)
	require.Len(t, recorded, 1)
	require.Equal(t, map[string]string{"amount": "100"}, recorded[0].After)
}
