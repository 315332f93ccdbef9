package influxdb

import (
	"errors"
	"net/http"
	"net/url"
)

// Target is a database and the way to write to it: V1, V2 or V3.
type Target interface {
	endpoint(p Precision) (endpoint, error)
}

// endpoint is where to write, below the address of the server.
type endpoint struct {
	path      string
	query     url.Values
	authorize func(*http.Request)
}

// V1 writes to the endpoint /write of InfluxDB 1, which VictoriaMetrics and
// others have too.
type V1 struct {
	// Database is required.
	Database string
	// RetentionPolicy is the database's default if it is empty.
	RetentionPolicy string
	// Username and Password are sent if there is a Username.
	Username, Password string
}

func (t V1) endpoint(p Precision) (endpoint, error) {
	if t.Database == "" {
		return endpoint{}, errors.New("influxdb.V1: Database is empty: name the database to write to")
	}
	query := url.Values{"db": {t.Database}, "precision": {precisions[p].v1}}
	if t.RetentionPolicy != "" {
		query.Set("rp", t.RetentionPolicy)
	}
	return endpoint{"/write", query, func(r *http.Request) {
		if t.Username != "" {
			r.SetBasicAuth(t.Username, t.Password)
		}
	}}, nil
}

// V2 writes to the endpoint /api/v2/write of InfluxDB 2 and InfluxDB Cloud.
type V2 struct {
	// Org and Bucket are required, by name or by id.
	Org, Bucket string
	// Token is sent if it is not empty.
	Token string
}

func (t V2) endpoint(p Precision) (endpoint, error) {
	if t.Org == "" || t.Bucket == "" {
		return endpoint{}, errors.New("influxdb.V2: Org or Bucket is empty: name the bucket to write to, and whose it is")
	}
	query := url.Values{"org": {t.Org}, "bucket": {t.Bucket}, "precision": {precisions[p].v2}}
	return endpoint{"/api/v2/write", query, withToken("Token", t.Token)}, nil
}

// V3 writes to the endpoint /api/v3/write_lp of InfluxDB 3.
type V3 struct {
	// Database is required.
	Database string
	// Token is sent if it is not empty.
	Token string
}

func (t V3) endpoint(p Precision) (endpoint, error) {
	if t.Database == "" {
		return endpoint{}, errors.New("influxdb.V3: Database is empty: name the database to write to")
	}
	query := url.Values{"db": {t.Database}, "precision": {precisions[p].v3}}
	return endpoint{"/api/v3/write_lp", query, withToken("Bearer", t.Token)}, nil
}

func withToken(scheme, token string) func(*http.Request) {
	return func(r *http.Request) {
		if token != "" {
			r.Header.Set("Authorization", scheme+" "+token)
		}
	}
}
