package audit

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
)

// The statements that the driver knows.
const (
	insert = "INSERT INTO audit (at, account, operation, status) VALUES (?, ?, ?, ?)"
	newest = "SELECT at, account, operation, status FROM audit ORDER BY at DESC LIMIT ?"
)

var columns = []string{"at", "account", "operation", "status"}

// memory is a database of one table. All its connections share it.
type memory struct {
	limit int

	mu   sync.Mutex
	rows [][]driver.Value
	next int
}

// Connect implements driver.Connector.
func (m *memory) Connect(context.Context) (driver.Conn, error) { return connection{m}, nil }

// Driver implements driver.Connector.
func (m *memory) Driver() driver.Driver { return noDriver{} }

func (m *memory) add(row []driver.Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.rows) < m.limit {
		m.rows = append(m.rows, row)
		return
	}
	m.rows[m.next] = row
	m.next = (m.next + 1) % m.limit
}

// newest returns the rows that came last, the latest first.
func (m *memory) newest(limit int64) [][]driver.Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows [][]driver.Value
	for i := 1; i <= len(m.rows) && int64(i) <= limit; i++ {
		rows = append(rows, m.rows[(m.next-i+2*len(m.rows))%len(m.rows)])
	}
	return rows
}

// noDriver is there because a connector must have a driver; nothing opens a
// database by its name.
type noDriver struct{}

func (noDriver) Open(name string) (driver.Conn, error) {
	return nil, fmt.Errorf("audit database %q has no name: use Open of package audit", name)
}

type connection struct{ *memory }

func (connection) Close() error { return nil }

func (connection) Begin() (driver.Tx, error) {
	return nil, errors.New("audit database has no transactions: write entries one by one")
}

func (connection) Prepare(statement string) (driver.Stmt, error) { return nil, unknown(statement) }

func unknown(statement string) error {
	return fmt.Errorf("audit database does not know the statement %q: add it to its driver", statement)
}

// ExecContext implements driver.ExecerContext.
func (c connection) ExecContext(ctx context.Context, statement string, arguments []driver.NamedValue) (driver.Result, error) {
	if statement != insert {
		return nil, unknown(statement)
	}
	row := make([]driver.Value, len(arguments))
	for i, a := range arguments {
		row[i] = a.Value
	}
	c.add(row)
	return driver.RowsAffected(1), ctx.Err()
}

// QueryContext implements driver.QueryerContext.
func (c connection) QueryContext(ctx context.Context, statement string, arguments []driver.NamedValue) (driver.Rows, error) {
	if statement != newest {
		return nil, unknown(statement)
	}
	limit, ok := arguments[0].Value.(int64)
	if !ok {
		return nil, fmt.Errorf("audit database: limit %v is no integer", arguments[0].Value)
	}
	return &result{c.newest(limit)}, ctx.Err()
}

type result struct{ rows [][]driver.Value }

func (*result) Columns() []string { return columns }

func (*result) Close() error { return nil }

// Next implements driver.Rows.
func (r *result) Next(to []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(to, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
