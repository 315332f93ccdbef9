module github.com/metertree/metertree/benchmarks

go 1.26.0

require github.com/metertree/metertree v0.0.0

replace github.com/metertree/metertree => ../
