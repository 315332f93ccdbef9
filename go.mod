module github.com/metertree/metertree

go 1.25.0
