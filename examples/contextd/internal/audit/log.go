// Package audit writes down what was changed, and by whom, in a table of a
// database. The database is one in memory: its driver is part of this package.
package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Entry is one thing that happened.
type Entry struct {
	At        time.Time `json:"at"`
	Account   string    `json:"account"`
	Operation string    `json:"operation"`
	Status    string    `json:"status"`
}

// maxConnections is how many connections a log keeps.
const maxConnections = 2

// Log is a table of entries. Its methods may be called from any goroutine.
type Log struct{ db *sql.DB }

// Open makes a log that keeps so many entries, the latest. Close it.
func Open(entries int) (*Log, error) {
	if entries < 1 {
		return nil, fmt.Errorf("audit log of %d entries: keep at least 1", entries)
	}
	db := sql.OpenDB(&memory{limit: entries})
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	return &Log{db: db}, nil
}

// Close ends the log. What is written after it fails.
func (l *Log) Close() error { return l.db.Close() }

// Stats is how the log's connections are.
func (l *Log) Stats() sql.DBStats { return l.db.Stats() }

// Write adds an entry.
func (l *Log) Write(ctx context.Context, e Entry) error {
	if _, err := l.db.ExecContext(ctx, insert, e.At, e.Account, e.Operation, e.Status); err != nil {
		return fmt.Errorf("writing the audit log: %w", err)
	}
	return nil
}

// Recent returns the latest entries, the newest first, at most so many.
func (l *Log) Recent(ctx context.Context, limit int) (entries []Entry, err error) {
	rows, err := l.db.QueryContext(ctx, newest, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.At, &e.Account, &e.Operation, &e.Status); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}
