// Says what Go's own log packages make of a log whose entry i is the text "entry i": roots, proofs, and a checkpoint.
//
// go.json was made with Debian 12's golang-go 1.19 and golang-golang-x-mod-dev 0.7.0, once:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run tests/log/generate.go > tests/log/go.json
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index int64    `json:"index"`
	Path  []string `json:"path"`
}

type consistency struct {
	Old  int64    `json:"old"`
	Path []string `json:"path"`
}

type tree struct {
	Size        int64         `json:"size"`
	Root        string        `json:"root"`
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
}

type oracle struct {
	Trees       []tree   `json:"trees"`
	VerifierKey string   `json:"verifierKey"`
	Checkpoints []string `json:"checkpoints"`
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func texts(hashes []tlog.Hash) []string {
	found := []string{}
	for _, hash := range hashes {
		found = append(found, hash.String())
	}
	return found
}

func main() {
	sizes := []int64{0, 1, 2, 255, 256, 257, 65536, 70001}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	// Whose secret anybody may know: it signs nothing but this.
	seed := []byte("an oracle's key, which is no secret")[:32]
	secret, public, err := note.GenerateKey(bytes.NewReader(seed), "log.acme.example")
	if err != nil {
		log.Fatal(err)
	}
	signer := must(note.NewSigner(secret))
	said := oracle{VerifierKey: public}
	next := int64(0)
	for _, size := range sizes {
		for ; next < size; next++ {
			hashes := must(tlog.StoredHashes(next, []byte(fmt.Sprintf("entry %d", next)), reader))
			stored = append(stored, hashes...)
		}
		root := must(tlog.TreeHash(size, reader))
		one := tree{Size: size, Root: root.String(), Inclusion: []inclusion{}, Consistency: []consistency{}}
		last := int64(-1)
		for _, index := range []int64{0, 1, 254, 255, 256, size / 2, size - 2, size - 1} {
			if index <= last || index >= size {
				continue
			}
			last = index
			one.Inclusion = append(one.Inclusion, inclusion{index, texts(must(tlog.ProveRecord(size, index, reader)))})
		}
		for _, old := range append(sizes, 3, 300, 65000) {
			if old < 1 || old > size {
				continue
			}
			one.Consistency = append(one.Consistency, consistency{old, texts(must(tlog.ProveTree(size, old, reader)))})
		}
		said.Trees = append(said.Trees, one)
		text := fmt.Sprintf("log.acme.example\n%d\n%s\n", size, root)
		said.Checkpoints = append(said.Checkpoints, string(must(note.Sign(&note.Note{Text: text}, signer))))
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	if err := out.Encode(said); err != nil {
		log.Fatal(err)
	}
}
