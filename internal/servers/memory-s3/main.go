// memory-s3 is an S3 service in memory for benchmarks: it is meant to cost less than its clients.
//
// It creates only if absent, one winner for each key, and lists what is there at one moment. It
// verifies no signature, and an ETag is a number rather than a digest. One call is its own:
// PUT /BUCKET?copy-of=OTHER makes a bucket with the objects of another.
//
//	memory-s3 [--latency 20ms]... [--tls]
//
// Each --latency is a port of its own on 127.0.0.1, where each request waits so long before anything
// is done; left out, it is one port without a wait. All ports have the same objects. The ports are
// printed as one line of JSON, {"ports":[40001]}. With --tls they speak HTTPS, and the line has the
// certificate to trust, as "authority". The program ends when its standard input does.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

type latencies []time.Duration

func (l *latencies) String() string { return fmt.Sprint(*l) }

func (l *latencies) Set(text string) error {
	latency, err := time.ParseDuration(text)
	*l = append(*l, latency)
	return err
}

func main() {
	var waits latencies
	flag.Var(&waits, "latency", "what each request of a port waits, such as 20ms; one port for each")
	isSecure := flag.Bool("tls", false, "speak HTTPS, by a certificate that is made for this run")
	flag.Parse()
	if len(waits) == 0 {
		waits = latencies{0}
	}
	var config *tls.Config
	var started struct {
		Ports     []int  `json:"ports"`
		Authority string `json:"authority,omitempty"`
	}
	if *isSecure {
		var err error
		if config, started.Authority, err = newCertificates(); err != nil {
			log.Fatal(err)
		}
	}
	service := newService()
	for _, wait := range waits {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		started.Ports = append(started.Ports, listener.Addr().(*net.TCPAddr).Port)
		if config != nil {
			listener = tls.NewListener(listener, config)
		}
		go func() { log.Fatal(http.Serve(listener, delayed(service, wait))) }()
	}
	if err := json.NewEncoder(os.Stdout).Encode(started); err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		log.Fatal(err)
	}
}

func delayed(next http.Handler, wait time.Duration) http.Handler {
	if wait <= 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(wait)
		next.ServeHTTP(w, r)
	})
}
