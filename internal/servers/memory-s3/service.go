package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// PUT /BUCKET?copy-of=OTHER
const copyOf = "copy-of"

const requestID = "X-Amz-Request-Id"

// What S3 takes in one put is 5 GiB; what a benchmark sends is far less.
const longestBody = 1 << 30

// service is an S3 with path-style addresses: /BUCKET/KEY.
type service struct {
	buckets sync.Map // of *bucket, by name
	count   atomic.Uint64
	bodies  bodies
}

func newService() *service { return &service{bodies: newBodies()} }

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(requestID, fmt.Sprintf("%016X", s.count.Add(1)))
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if name == "" {
		notImplemented(w)
		return
	}
	if key == "" && r.Method == http.MethodPut && r.URL.RawQuery == "" {
		s.buckets.LoadOrStore(name, newBucket())
		w.WriteHeader(http.StatusOK)
		return
	}
	if other, asked := r.URL.Query()[copyOf]; asked && key == "" && r.Method == http.MethodPut {
		s.copyBucket(w, name, other[0])
		return
	}
	found, there := s.buckets.Load(name)
	if !there {
		fail(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	b := found.(*bucket)
	if key == "" {
		s.ofBucket(w, r, name, b)
		return
	}
	// The SDK and others name the call that they make, and all else in the query changes what is done.
	if query := r.URL.Query(); len(query) > 1 || (len(query) == 1 && !query.Has("x-id")) {
		notImplemented(w)
		return
	}
	switch r.Method {
	case http.MethodPut:
		s.put(w, r, b, key)
	case http.MethodGet, http.MethodHead:
		get(w, r, b, key)
	case http.MethodDelete:
		b.delete(key)
		w.WriteHeader(http.StatusNoContent)
	default:
		notImplemented(w)
	}
}

// copyBucket makes a bucket with the objects that another has. It is no call of S3: it prepares what
// a benchmark deletes.
func (s *service) copyBucket(w http.ResponseWriter, name, other string) {
	from, there := s.buckets.Load(other)
	if !there {
		fail(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	b := newBucket()
	for _, o := range from.(*bucket).order.snapshot() {
		b.put(o, false)
	}
	if _, taken := s.buckets.LoadOrStore(name, b); taken {
		fail(w, http.StatusConflict, "BucketAlreadyExists", "The bucket is there already")
		return
	}
	w.WriteHeader(http.StatusOK)
}

func (s *service) ofBucket(w http.ResponseWriter, r *http.Request, name string, b *bucket) {
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && query.Get("list-type") == "2":
		s.list(w, name, b, query)
	case r.Method == http.MethodPost && query.Has("delete"):
		s.deleteAll(w, r, b)
	case r.Method == http.MethodHead:
		w.WriteHeader(http.StatusOK)
	default:
		notImplemented(w)
	}
}

func (s *service) put(w http.ResponseWriter, r *http.Request, b *bucket, key string) {
	if len(key) > 1024 {
		fail(w, http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
		return
	}
	condition := r.Header.Get("If-None-Match")
	if (condition != "" && condition != "*") || r.Header.Get("If-Match") != "" ||
		r.Header.Get("X-Amz-Copy-Source") != "" {
		notImplemented(w)
		return
	}
	body, ok := s.bodyOf(w, r)
	if !ok {
		return
	}
	sums, ok := checksumsOf(r.Header, body)
	if !ok {
		fail(w, http.StatusBadRequest, "BadDigest", "A checksum you specified did not match what we received")
		return
	}
	o := &object{
		key:         key,
		body:        s.bodies.keep(body),
		etag:        fmt.Sprintf(`"%032x"`, s.count.Add(1)),
		modified:    time.Now().UTC(),
		contentType: r.Header.Get("Content-Type"),
		checksums:   sums,
	}
	if !b.put(o, condition == "*") {
		message := "At least one of the pre-conditions you specified did not hold"
		fail(w, http.StatusPreconditionFailed, "PreconditionFailed", message)
		return
	}
	header := w.Header()
	header["Etag"] = []string{o.etag}
	for name, value := range sums {
		header.Set(name, value)
	}
	w.WriteHeader(http.StatusOK)
}

// bodyOf reads a body whose length is known. Bodies in signed chunks are refused.
func (s *service) bodyOf(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		notImplemented(w)
		return nil, false
	}
	if r.ContentLength < 0 {
		fail(w, http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length header")
		return nil, false
	}
	if r.ContentLength > longestBody {
		fail(w, http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum size")
		return nil, false
	}
	body := s.bodies.array(int(r.ContentLength))
	if _, err := io.ReadFull(r.Body, body); err != nil {
		fail(w, http.StatusBadRequest, "IncompleteBody", "You did not provide all bytes of Content-Length")
		return nil, false
	}
	return body, true
}

func get(w http.ResponseWriter, r *http.Request, b *bucket, key string) {
	o := b.get(key)
	if o == nil {
		fail(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	header := w.Header()
	header["Etag"] = []string{o.etag}
	header.Set("Content-Type", "binary/octet-stream")
	if o.contentType != "" {
		header.Set("Content-Type", o.contentType)
	}
	isPart := r.Header.Get("Range") != ""
	if r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" && !isPart {
		for name, value := range o.checksums {
			header.Set(name, value)
		}
	}
	if isPart || r.Header.Get("If-Match") != "" || r.Header.Get("If-None-Match") != "" {
		http.ServeContent(w, r, "", o.modified, bytes.NewReader(o.body))
		return
	}
	header.Set("Last-Modified", o.modified.Format(http.TimeFormat))
	header.Set("Accept-Ranges", "bytes")
	header.Set("Content-Length", strconv.Itoa(len(o.body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		// A client that is gone is no failure of the server.
		_, _ = w.Write(o.body)
	}
}

type deleteRequest struct {
	Quiet  bool
	Object []struct {
		Key       string
		VersionID string `xml:"VersionId"`
	}
}

type deleteResult struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Deleted []deleted
}

type deleted struct{ Key string }

func (s *service) deleteAll(w http.ResponseWriter, r *http.Request, b *bucket) {
	body, ok := s.bodyOf(w, r)
	if !ok {
		return
	}
	if _, ok := checksumsOf(r.Header, body); !ok {
		fail(w, http.StatusBadRequest, "BadDigest", "A checksum you specified did not match what we received")
		return
	}
	var request deleteRequest
	if err := xml.Unmarshal(body, &request); err != nil || len(request.Object) == 0 ||
		len(request.Object) > longestPage {
		fail(w, http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed")
		return
	}
	var result deleteResult
	for _, each := range request.Object {
		if each.VersionID != "" {
			notImplemented(w)
			return
		}
	}
	for _, each := range request.Object {
		b.delete(each.Key)
		if !request.Quiet {
			result.Deleted = append(result.Deleted, deleted{each.Key})
		}
	}
	respond(w, http.StatusOK, result)
}

func notImplemented(w http.ResponseWriter) {
	fail(w, http.StatusNotImplemented, "NotImplemented", "memory-s3 has no such call")
}
