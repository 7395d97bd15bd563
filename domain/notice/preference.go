package notice

import (
	"slices"

	"lovesaijo/domain/fault"
)

// Choice is one switch: a topic on a channel.
type Choice struct {
	Topic   Topic
	Channel Channel
}

// Preferences is what a user decided, switch by switch. What is not decided is as standard has it.
type Preferences map[Choice]bool

// The refusals of preferences.
var (
	ErrChoice   = fault.Define(fault.Invalid, "preference_unknown", "お知らせの設定項目が正しくありません。")
	ErrSecurity = fault.Define(fault.Refused, "preference_security", "安全に関するお知らせは停止できません。")
)

// standard tells what is sent to those who decided nothing: everything into the app, only security by mail.
func (c Choice) standard() bool { return c.Channel != Mail || c.Topic == Security }

// Wants tells whether the user wants the topic on the channel.
func (p Preferences) Wants(topic Topic, channel Channel) bool {
	choice := Choice{topic, channel}
	if topic == Security {
		return true
	}
	if wanted, decided := p[choice]; decided {
		return wanted
	}
	return choice.standard()
}

// Valid refuses switches that there are not, and one that would silence security.
func (p Preferences) Valid() error {
	for choice, wanted := range p {
		if !slices.Contains(Topics, choice.Topic) || !slices.Contains(Channels, choice.Channel) {
			return ErrChoice.At("preferences")
		}
		if choice.Topic == Security && !wanted {
			return ErrSecurity.At("preferences")
		}
	}
	return nil
}
