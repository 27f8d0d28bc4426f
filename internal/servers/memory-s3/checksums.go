package main

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
)

// The checksums of S3, by the headers that they are sent in.
var checksums = map[string]func() hash.Hash{
	"X-Amz-Checksum-Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"X-Amz-Checksum-Crc32c":    func() hash.Hash { return crc32.New(castagnoli) },
	"X-Amz-Checksum-Crc64nvme": func() hash.Hash { return crc64.New(nvme) },
	"X-Amz-Checksum-Sha1":      sha1.New,
	"X-Amz-Checksum-Sha256":    sha256.New,
}

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	nvme       = crc64.MakeTable(0x9a6c9329ac4bc9b5)
)

// checksumsOf returns the checksum headers of a request, and whether the body has all of them. A
// SHA-256 that was signed counts as one that is not compared, as the signature is not.
func checksumsOf(header http.Header, body []byte) (map[string]string, bool) {
	if sent := header.Get("Content-Md5"); sent != "" && sent != digest(md5.New(), body) {
		return nil, false
	}
	var found map[string]string
	for name, algorithm := range checksums {
		sent := header[name]
		if len(sent) == 0 {
			continue
		}
		if sent[0] != digest(algorithm(), body) {
			return nil, false
		}
		if found == nil {
			found = map[string]string{}
		}
		found[name] = sent[0]
	}
	return found, true
}

func digest(h hash.Hash, body []byte) string {
	h.Write(body)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
