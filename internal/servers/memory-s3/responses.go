package main

import (
	"encoding/xml"
	"net/http"
	"strconv"
)

type errorResponse struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
}

func fail(w http.ResponseWriter, status int, code, message string) {
	respond(w, status, errorResponse{Code: code, Message: message, RequestID: w.Header().Get(requestID)})
}

func respond(w http.ResponseWriter, status int, document any) {
	text, err := xml.Marshal(document)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(xml.Header)+len(text)))
	w.WriteHeader(status)
	// A client that is gone is no failure of the server.
	_, _ = w.Write(append([]byte(xml.Header), text...))
}
