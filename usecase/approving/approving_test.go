package approving_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/auditing"
	"lovesaijo/usecase/citytest"
)

// stores are those of an activity that knows nothing of corrections: opening a fund, by two people.
type stores struct {
	Treasury fund.Treasury
	Requests approval.Requests
	Trail    audit.Trail
}

func (s stores) AuditTrail() audit.Trail      { return s.Trail }
func (s stores) Approvals() approval.Requests { return s.Requests }

const actOpen = "fund.open"

var errAccident = errors.New("the disk is full")

type scene struct {
	*citytest.City
	office    auditing.Office[stores]
	approving *approving.Approving
	other     access.Actor // a second administrator
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	office := auditing.Office[stores]{Clock: city.Clock, Unit: citytest.Narrow(city, func(s citytest.Stores) stores {
		return stores{s.Treasury, s.Requests, s.Trail}
	})}
	executor := approving.Executing(office, access.ManageFunds, func(_ context.Context, _ access.Actor, request approval.Request) (approving.Work[stores], error) {
		switch string(request.Payload) {
		case "lost":
			return nil, errAccident
		case "closed":
			return nil, fund.ErrClosed
		}
		return func(ctx context.Context, s stores, now time.Time, act *audit.Act) ([16]byte, error) {
			act.After["fund"] = string(request.Payload)
			opened := fund.Fund{Code: fund.Code(request.Payload), Name: "原資", OpenedAt: now}
			return [16]byte{1}, s.Treasury.Add(ctx, opened)
		}, nil
	})
	unit := citytest.Narrow(city, func(s citytest.Stores) approving.Stores {
		return approving.Stores{Requests: s.Requests, Trail: s.Trail}
	})
	return scene{
		city, office, approving.New(unit, city.Approvals, map[string]approving.Executor{actOpen: executor}, city.Clock),
		access.Actor{User: usertest.Administrator().ID, Role: user.Administrator},
	}
}

// ask asks for a fund to be opened.
func (s scene) ask(t *testing.T, code string) approval.Request {
	t.Helper()
	return s.askAs(t, actOpen, code)
}

func (s scene) askAs(t *testing.T, action, code string) approval.Request {
	t.Helper()
	act := audit.Act{Action: action, Target: code, Reason: "新年度", After: map[string]string{}}
	asked, err := auditing.Do(t.Context(), s.office, s.Official, access.ManageFunds, act, func(ctx context.Context, st stores, now time.Time, act *audit.Act) (approval.Request, error) {
		wish := approving.Wish{Action: action, Subject: code, Summary: "原資を開く", Payload: []byte(code), Reason: "新年度"}
		return approving.Ask(ctx, st.Requests, s.Official, now, wish, act)
	})
	require.NoError(t, err)
	return asked
}

func (s scene) stored(t *testing.T, id approval.ID) approval.Request {
	t.Helper()
	request, err := s.approving.Get(t.Context(), s.Official, id)
	require.NoError(t, err)
	return request
}

func (s scene) opened(t *testing.T, code fund.Code) bool {
	t.Helper()
	_, err := s.Funds.Fund(t.Context(), code)
	return err == nil
}

func TestWhatOneAsksForIsDoneWhenAnotherApprovesIt(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	asked := s.ask(t, "autumn")
	require.Equal(t, asked, s.stored(t, asked.ID))
	require.Equal(t, citytest.Noon.Add(approval.Lifetime), asked.ExpiresAt)
	require.False(t, s.opened(t, "autumn"))

	s.Advance(time.Hour)
	approved, err := s.approving.Approve(t.Context(), s.other, asked.ID, "確認しました")
	require.NoError(t, err)
	require.True(t, s.opened(t, "autumn"))
	want := asked
	want.State, want.DecidedBy, want.DecidedAt, want.Note, want.Result, want.Version = approval.Approved, s.other.User, s.Clock(), "確認しました", [16]byte{1}, 2
	require.Equal(t, want, approved)
	require.Equal(t, want, s.stored(t, asked.ID))

	acts, err := s.Acts.Acts(t.Context(), audit.Query{Action: actOpen, Limit: 10})
	require.NoError(t, err)
	require.Len(t, acts.Rows, 2)
	require.Equal(t, []string{auditing.Done, approving.Asked}, []string{acts.Rows[0].Outcome, acts.Rows[1].Outcome})
	require.Equal(t, []user.ID{s.other.User, s.Official.User}, []user.ID{acts.Rows[0].Actor.User, acts.Rows[1].Actor.User})
	require.Equal(t, map[string]string{"approval": asked.ID.String(), "requested_by": s.Official.User.String(), "fund": "autumn"}, acts.Rows[0].After)
	require.Equal(t, "新年度", acts.Rows[0].Reason)
}

func TestNobodyApprovesOrRefusesTheirOwn(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	asked := s.ask(t, "autumn")
	_, err := s.approving.Approve(t.Context(), s.Official, asked.ID, "")
	require.ErrorIs(t, err, approval.ErrSamePerson)
	_, err = s.approving.Refuse(t.Context(), s.Official, asked.ID, "やめます")
	require.ErrorIs(t, err, approval.ErrSamePerson)
	require.False(t, s.opened(t, "autumn"))
	require.Equal(t, asked, s.stored(t, asked.ID))
	require.Contains(t, s.Outcomes(t), "fund.open approval_same_person")
}

func TestOfTwoWhoApproveAtOnceOneWinsAndTheOtherIsTold(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	third := access.Actor{User: usertest.Administrator().ID, Role: user.Administrator}
	asked := s.ask(t, "autumn")
	var errs [2]error
	var both sync.WaitGroup
	for i, actor := range []access.Actor{s.other, third} {
		both.Go(func() { _, errs[i] = s.approving.Approve(t.Context(), actor, asked.ID, "") })
	}
	both.Wait()
	if errs[0] != nil {
		errs[0], errs[1] = errs[1], errs[0]
	}
	require.NoError(t, errs[0])
	require.ErrorIs(t, errs[1], approval.ErrDecided)
	require.True(t, s.opened(t, "autumn"))
}

func TestWhoAsksAgainForTheirOwnDecisionGetsItAgain(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	asked := s.ask(t, "autumn")
	first, err := s.approving.Approve(t.Context(), s.other, asked.ID, "よし")
	require.NoError(t, err)
	again, err := s.approving.Approve(t.Context(), s.other, asked.ID, "よし")
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Contains(t, s.Outcomes(t), "fund.open replayed")
	_, err = s.approving.Refuse(t.Context(), s.other, asked.ID, "やはり")
	require.ErrorIs(t, err, approval.ErrDecided)

	asked = s.ask(t, "winter")
	refused, err := s.approving.Refuse(t.Context(), s.other, asked.ID, "予算がない")
	require.NoError(t, err)
	require.Equal(t, approval.Refused, refused.State)
	again, err = s.approving.Refuse(t.Context(), s.other, asked.ID, "予算がない")
	require.NoError(t, err)
	require.Equal(t, refused, again)
	_, err = s.approving.Approve(t.Context(), s.other, asked.ID, "")
	require.ErrorIs(t, err, approval.ErrDecided)
	require.False(t, s.opened(t, "winter"))
}

func TestAnActThatTheBooksRefuseLeavesTheRequestWaiting(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	asked := s.ask(t, string(citytest.Fund))
	_, err := s.approving.Approve(t.Context(), s.other, asked.ID, "")
	require.ErrorIs(t, err, fund.ErrTaken)
	require.Equal(t, asked, s.stored(t, asked.ID))
	require.Contains(t, s.Outcomes(t), "fund.open fund_code_taken")

	unready := s.ask(t, "closed")
	_, err = s.approving.Approve(t.Context(), s.other, unready.ID, "")
	require.ErrorIs(t, err, fund.ErrClosed, "what is refused before the unit begins is refused as well")
	require.Equal(t, unready, s.stored(t, unready.ID))
	_, err = s.approving.Approve(t.Context(), s.Official, unready.ID, "")
	require.ErrorIs(t, err, approval.ErrSamePerson, "who may not decide learns no more")

	lost, before := s.ask(t, "lost"), len(s.Outcomes(t))
	_, err = s.approving.Approve(t.Context(), s.other, lost.ID, "")
	require.ErrorIs(t, err, errAccident)
	require.Len(t, s.Outcomes(t), before, "an accident is no act")
	require.Equal(t, lost, s.stored(t, lost.ID))
}

func TestARefusalSaysWhy(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	asked := s.ask(t, "autumn")
	_, err := s.approving.Refuse(t.Context(), s.other, asked.ID, "")
	require.ErrorIs(t, err, approving.ErrNote)
	long := strings.Repeat("理", auditing.ReasonRunesMax+1)
	_, err = s.approving.Refuse(t.Context(), s.other, asked.ID, long)
	require.ErrorIs(t, err, auditing.ErrReason)
	_, err = s.approving.Approve(t.Context(), s.other, asked.ID, long)
	require.ErrorIs(t, err, auditing.ErrReason)
	_, err = s.approving.Refuse(t.Context(), s.other, asked.ID, "予算がない")
	require.NoError(t, err)
	acts, err := s.Acts.Acts(t.Context(), audit.Query{Action: approving.ActRefuse, Limit: 10})
	require.NoError(t, err)
	require.Len(t, acts.Rows, 1)
	require.Equal(t, []string{asked.ID.String(), "予算がない"}, []string{acts.Rows[0].Target, acts.Rows[0].Reason})
	require.Equal(t, map[string]string{"state": "waiting"}, acts.Rows[0].Before)
	require.Equal(t, map[string]string{"state": "refused", "action": actOpen, "subject": "autumn"}, acts.Rows[0].After)
}

func TestOnlyWhoAskedTakesARequestBack(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	asked := s.ask(t, "autumn")
	_, err := s.approving.Withdraw(t.Context(), s.other, asked.ID, "")
	require.ErrorIs(t, err, approval.ErrNotOwn)
	withdrawn, err := s.approving.Withdraw(t.Context(), s.Official, asked.ID, "")
	require.NoError(t, err)
	require.Equal(t, approval.Withdrawn, withdrawn.State)
	_, err = s.approving.Approve(t.Context(), s.other, asked.ID, "")
	require.ErrorIs(t, err, approval.ErrDecided)
}

func TestARequestThatNobodyDecidesAboutExpires(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	asked := s.ask(t, "autumn")
	s.Advance(approval.Lifetime - time.Second)
	young := s.ask(t, "winter")
	expired, err := s.approving.Expire(t.Context())
	require.NoError(t, err)
	require.Zero(t, expired)

	s.Advance(time.Second)
	_, err = s.approving.Approve(t.Context(), s.other, asked.ID, "")
	require.ErrorIs(t, err, approval.ErrExpired, "even before it is marked")
	expired, err = s.approving.Expire(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, expired)
	marked := s.stored(t, asked.ID)
	require.Equal(t, approval.Expired, marked.State)
	require.Equal(t, s.Clock(), marked.DecidedAt)
	require.Equal(t, approval.Waiting, s.stored(t, young.ID).State)
	_, err = s.approving.Withdraw(t.Context(), s.Official, asked.ID, "")
	require.ErrorIs(t, err, approval.ErrDecided)
	expired, err = s.approving.Expire(t.Context())
	require.NoError(t, err)
	require.Zero(t, expired)
}

func TestOnlyWhoCouldDecideSeesRequests(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	asked := s.ask(t, "autumn")
	strange := s.askAs(t, "moon.buy", "luna")
	for _, actor := range []access.Actor{citytest.Actor(s.Resident(t)), citytest.Actor(s.Merchant(t))} {
		_, err := s.approving.List(t.Context(), actor, approval.Query{Limit: 10})
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.approving.Get(t.Context(), actor, asked.ID)
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.approving.Approve(t.Context(), actor, asked.ID, "")
		require.ErrorIs(t, err, access.ErrNotAllowed)
	}
	_, err := s.approving.List(t.Context(), access.Actor{}, approval.Query{Limit: 10})
	require.ErrorIs(t, err, access.ErrNotSignedIn)
	_, err = s.approving.Get(t.Context(), s.other, approval.ID{1})
	require.ErrorIs(t, err, approval.ErrUnknown)
	_, err = s.approving.Approve(t.Context(), s.other, strange.ID, "")
	require.ErrorIs(t, err, approval.ErrUnknown, "nobody knows how to do it")
	_, err = s.approving.List(t.Context(), s.other, approval.Query{Limit: page.LimitMax + 1})
	require.ErrorIs(t, err, page.ErrLimit)
	found, err := s.approving.List(t.Context(), s.other, approval.Query{State: approval.Waiting, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []approval.Request{asked}, found.Rows)
}
