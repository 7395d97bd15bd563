package settlement

import "lovesaijo/domain/event"

// TopicPeriodClosed is the topic of closings.
const TopicPeriodClosed event.Topic = "settlement.period_closed"

// PeriodClosed tells that a period was closed: its statements can be read and its drafts claimed.
type PeriodClosed struct {
	Period PeriodID
}

// EventTopic is event.Event's.
func (PeriodClosed) EventTopic() event.Topic { return TopicPeriodClosed }
