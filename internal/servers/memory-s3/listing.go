package main

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const longestPage = 1000

type listResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	MaxKeys               int
	KeyCount              int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []listedObject
	CommonPrefixes        []commonPrefix
}

type listedObject struct {
	Key          string
	LastModified string
	ETag         string
	Size         int
	StorageClass string
}

type commonPrefix struct{ Prefix string }

// list responds to ListObjectsV2. A page is of one moment.
func (s *service) list(w http.ResponseWriter, name string, b *bucket, query url.Values) {
	encode := func(text string) string { return text }
	switch query.Get("encoding-type") {
	case "":
	case "url":
		encode = func(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "%2F", "/") }
	default:
		fail(w, http.StatusBadRequest, "InvalidArgument", "encoding-type is url or is left out")
		return
	}
	limit := longestPage
	if text := query.Get("max-keys"); text != "" {
		asked, err := strconv.Atoi(text)
		if err != nil || asked < 0 {
			fail(w, http.StatusBadRequest, "InvalidArgument", "max-keys is no number")
			return
		}
		limit = min(asked, longestPage)
	}
	prefix, delimiter := query.Get("prefix"), query.Get("delimiter")
	token := query.Get("continuation-token")
	from := position{after: query.Get("start-after")}
	if token != "" {
		last, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(last) == 0 {
			fail(w, http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
			return
		}
		from = position{after: string(last[1:]), isFolder: last[0] == folderToken}
	}
	page := pageOf(b.order.snapshot(), prefix, delimiter, from, limit)
	result := listResult{
		Name:              name,
		Prefix:            encode(prefix),
		Delimiter:         encode(delimiter),
		StartAfter:        encode(query.Get("start-after")),
		EncodingType:      query.Get("encoding-type"),
		ContinuationToken: token,
		MaxKeys:           limit,
		KeyCount:          len(page.objects) + len(page.prefixes),
		IsTruncated:       page.isTruncated,
		Contents:          make([]listedObject, len(page.objects)),
		CommonPrefixes:    make([]commonPrefix, len(page.prefixes)),
	}
	if page.isTruncated {
		result.NextContinuationToken = page.last.token()
	}
	for i, o := range page.objects {
		modified := o.modified.Format("2006-01-02T15:04:05.000Z")
		result.Contents[i] = listedObject{encode(o.key), modified, o.etag, len(o.body), "STANDARD"}
	}
	for i, each := range page.prefixes {
		result.CommonPrefixes[i] = commonPrefix{encode(each)}
	}
	respond(w, http.StatusOK, result)
}

// position is where a page begins: after a key, or after a folder and all that is beneath it.
type position struct {
	after    string
	isFolder bool
}

const (
	keyToken    = 'k'
	folderToken = 'f'
)

func (p position) token() string {
	kind := byte(keyToken)
	if p.isFolder {
		kind = folderToken
	}
	return base64.RawURLEncoding.EncodeToString(append([]byte{kind}, p.after...))
}

func (p position) in(objects []*object) int {
	if p.isFolder {
		return firstAfterPrefix(objects, p.after)
	}
	at := firstAtOrAfter(objects, p.after)
	if at < len(objects) && objects[at].key == p.after {
		at++
	}
	return at
}

type page struct {
	objects  []*object
	prefixes []string
	// Whether anything comes after, and where the next page begins.
	isTruncated bool
	last        position
}

func pageOf(objects []*object, prefix, delimiter string, from position, limit int) page {
	var result page
	at := max(firstAtOrAfter(objects, prefix), from.in(objects))
	for at < len(objects) && strings.HasPrefix(objects[at].key, prefix) {
		if len(result.objects)+len(result.prefixes) == limit {
			result.isTruncated = limit > 0
			return result
		}
		o := objects[at]
		rest := o.key[len(prefix):]
		end := -1
		if delimiter != "" {
			end = strings.Index(rest, delimiter)
		}
		if end < 0 {
			result.objects = append(result.objects, o)
			result.last = position{after: o.key}
			at++
			continue
		}
		folder := o.key[:len(prefix)+end+len(delimiter)]
		result.prefixes = append(result.prefixes, folder)
		result.last = position{after: folder, isFolder: true}
		at = firstAfterPrefix(objects, folder)
	}
	return result
}

// firstAfterPrefix returns the index of the first object above all that begin with the prefix.
func firstAfterPrefix(objects []*object, prefix string) int {
	low, high := firstAtOrAfter(objects, prefix), len(objects)
	for low < high {
		middle := (low + high) / 2
		if strings.HasPrefix(objects[middle].key, prefix) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
