package cashback

import (
	"context"
	"fmt"
	"slices"
)

// NamedAward is an award as people are told of it.
type NamedAward struct {
	Award
	Label Label
	State CampaignState // of a campaign: Open as it promises; zero for a programme
}

// Later tells how far the campaigns of named awards are by now, for who reads of a promise long after it was made.
func Later(ctx context.Context, offers Reader, awards []NamedAward) error {
	for i := range awards {
		if !awards[i].Campaign {
			continue
		}
		campaign, err := offers.Campaign(ctx, awards[i].Offer)
		if err != nil {
			return fmt.Errorf("state of campaign %s: %w", awards[i].Offer, err)
		}
		awards[i].State = campaign.State
	}
	return nil
}

// Name says which offers gave awards. However they come, those that were given at once come first, then by offer: a
// receipt reads the same whenever it is read.
func Name(ctx context.Context, offers Reader, awards []Award) ([]NamedAward, error) {
	if len(awards) == 0 {
		return nil, nil
	}
	ids := make([]OfferID, len(awards))
	for i, a := range awards {
		ids[i] = a.Offer
	}
	labels, err := offers.Labels(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("name %d awards: %w", len(awards), err)
	}
	named := make([]NamedAward, len(awards))
	for i, a := range awards {
		named[i] = NamedAward{Award: a, Label: labels[a.Offer]}
		if a.Campaign {
			named[i].State = Open
		}
	}
	slices.SortStableFunc(named, func(a, b NamedAward) int {
		if a.Campaign != b.Campaign {
			if b.Campaign {
				return -1
			}
			return 1
		}
		return slices.Compare(a.Offer[:], b.Offer[:])
	})
	return named, nil
}
