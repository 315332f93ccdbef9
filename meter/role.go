package meter

import (
	"github.com/metertree/metertree/metric"
	"github.com/metertree/metertree/registry"
)

// Role declares which golden signal of its scope an instrument or a ratio is, so
// that it shows there without being looked for.
func Role(role metric.Role) SharedOption { return roleOption(role) }

type roleOption metric.Role

func (r roleOption) apply(d *registry.Definition) { d.Role = metric.Role(r) }

func (r roleOption) applyRatio(ratio *metric.Ratio) { ratio.Role = metric.Role(r) }
