package approving

import (
	"context"
	"errors"
	"fmt"

	"lovesaijo/domain/approval"
	"lovesaijo/domain/page"
	"lovesaijo/usecase"
)

// Expire marks the requests that nobody decided about in time, and tells how many. It is the timetable's; a request
// whose time is over is refused before it is marked.
func (a *Approving) Expire(ctx context.Context) (int, error) {
	query, expired := approval.Query{State: approval.Waiting, Limit: page.LimitMax}, 0
	var failed []error
	for {
		waiting, err := a.reader.Requests(ctx, query)
		if err != nil {
			return expired, errors.Join(append(failed, fmt.Errorf("list waiting requests: %w", err))...)
		}
		for _, request := range waiting.Rows {
			if a.office.Clock().Before(request.ExpiresAt) {
				continue
			}
			marked, err := a.expire(ctx, request.ID)
			if err != nil {
				failed = append(failed, fmt.Errorf("expire request %s: %w", request.ID, err))
			}
			if marked {
				expired++
			}
		}
		if query.After = waiting.Next; query.After == "" {
			return expired, errors.Join(failed...)
		}
	}
}

// expire marks a request, unless it was decided in the meantime.
func (a *Approving) expire(ctx context.Context, id approval.ID) (bool, error) {
	return usecase.Do(ctx, a.office.Unit, func(ctx context.Context, s Stores) (bool, error) {
		request, err := s.Requests.Lock(ctx, id)
		if err != nil || request.State != approval.Waiting {
			return false, err
		}
		request.State, request.DecidedAt = approval.Expired, a.office.Clock()
		_, err = save(ctx, s.Requests, request)
		return err == nil, err
	})
}
