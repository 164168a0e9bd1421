package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// CertificateOptions say which certificates an endpoint shows and asks for.
type CertificateOptions struct {
	Log *slog.Logger // nil: discarded
	// Pairs are the certificates, each with its chain, in PEM files. A client
	// gets the first one that is for the name it asks for (SNI), else the first.
	Pairs      []KeyPair
	ClientAuth tls.ClientAuthType
	ClientCA   string // PEM file of the authorities of clients' certificates; needed when they are verified
	MinVersion uint16 // 0: TLS 1.2
}

// KeyPair names the files of a certificate and its private key.
type KeyPair struct{ Certificate, Key string }

// Certificates are those of an endpoint. Once a second at most, when a client
// connects, their files are looked at, and loaded again when they have changed,
// so that a renewed certificate needs no restart. One that cannot be loaded is
// logged, and the one before stays in use. It starts no goroutine.
type Certificates struct {
	o CertificateOptions

	mu     sync.Mutex
	config *tls.Config
	looked time.Time // when the files were looked at last
	seen   []stamp   // what they were when they were loaded last, or could not be
}

// stamp tells one version of a file from the next. The zero stamp is none.
type stamp struct {
	modified int64 // ns since 1970
	size     int64
}

// lookInterval is how often files are looked at.
const lookInterval = time.Second

// LoadCertificates loads the files.
func LoadCertificates(o CertificateOptions) (*Certificates, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MinVersion == 0 {
		o.MinVersion = tls.VersionTLS12
	}
	c := &Certificates{o: o}
	if err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Config is for Endpoint.TLS. It follows the files.
func (c *Certificates) Config() *tls.Config {
	return &tls.Config{
		MinVersion:         c.o.MinVersion,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.current(), nil },
	}
}

// Client is for tls.Config.GetClientCertificate, where we are the client. It
// follows the files, too.
func (c *Certificates) Client(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return &c.current().Certificates[0], nil
}

// Reload loads the files now. On an error all stays as it was.
func (c *Certificates) Reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reload()
}

func (c *Certificates) reload() error {
	c.looked, c.seen = time.Now(), c.stamps()
	config, err := c.load()
	if err != nil {
		return err
	}
	c.config = config
	return nil
}

// current is the configuration for a connection that begins now.
func (c *Certificates) current() *tls.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < lookInterval {
		return c.config
	}
	c.looked = time.Now()
	if now := c.stamps(); !slices.Equal(now, c.seen) {
		if err := c.reload(); err != nil {
			c.o.Log.Error("changed certificate not loaded, the one before stays in use", "error", err)
		} else {
			c.o.Log.Info("certificate loaded again", "file", c.o.Pairs[0].Certificate, "valid_until", c.config.Certificates[0].Leaf.NotAfter)
		}
	}
	return c.config
}

func (c *Certificates) load() (*tls.Config, error) {
	config := &tls.Config{MinVersion: c.o.MinVersion, ClientAuth: c.o.ClientAuth}
	for _, p := range c.o.Pairs {
		pair, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", p.Certificate, p.Key, err)
		}
		config.Certificates = append(config.Certificates, pair)
	}
	if len(config.Certificates) == 0 {
		return nil, errors.New("no certificate is named")
	}
	if c.o.ClientCA != "" {
		pool, err := LoadAuthorities(c.o.ClientCA)
		if err != nil {
			return nil, err
		}
		config.ClientCAs = pool
	}
	return config, nil
}

// LoadAuthorities reads a PEM file of certificate authorities.
func LoadAuthorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificate authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("certificate authorities: %s holds no certificate in PEM form", file)
	}
	return pool, nil
}

// stamps looks at all files; one that is not there has the zero stamp.
func (c *Certificates) stamps() []stamp {
	names := []string{c.o.ClientCA}
	for _, p := range c.o.Pairs {
		names = append(names, p.Certificate, p.Key)
	}
	stamps := make([]stamp, len(names))
	for i, name := range names {
		if info, err := os.Stat(name); err == nil {
			stamps[i] = stamp{info.ModTime().UnixNano(), info.Size()}
		}
	}
	return stamps
}
