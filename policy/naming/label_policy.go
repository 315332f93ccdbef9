package naming

import "github.com/metertree/metertree/policy"

// labelPolicy asks the label policy about each label. Where values were counted
// and are few, whatever should have kept them few has done so.
func labelPolicy(l *Linter, m Metric) (messages []string) {
	for _, label := range m.Labels {
		var given policy.Condition
		if l.options.Conditions != nil {
			given = l.options.Conditions(m.Name, label.Name)
		}
		if label.Values > 0 && l.options.Thresholds.Level(label.Values) != policy.Questioned {
			given |= policy.Normalised | policy.Guarded
		}
		if err := l.options.Labels.Check(label.Name, given); err != nil {
			messages = append(messages, err.Error())
		}
	}
	return messages
}
