// Verifies an exported log as it stands, with Go's own log packages and nothing of this project:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run tests/log/verify.go FOLDER VERIFIER-KEY
//
// It reads the checkpoint as a signed note, every hash through tlog.TileHashReader, which proves each tile against the
// checkpoint's root, and every entry of every bundle against its hash in the tree.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io/ioutil"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Hashes of a full tile are 2^height.
const height = 8

// folder is a log in tiles, read as tlog.TileReader has it.
type folder string

func (folder) Height() int { return height }

// path is the tile's path in C2SP tlog-tiles, which has no height in it.
func (f folder) path(kind string, tile tlog.Tile) string {
	// tile/8/L/N or tile/8/L/N.p/W
	parts := strings.SplitN(tile.Path(), "/", 4)
	return filepath.Join(string(f), "tile", kind, parts[3])
}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		data, err := ioutil.ReadFile(f.path(strconv.Itoa(tile.L), tile))
		if err != nil {
			return nil, err
		}
		read = append(read, data)
	}
	return read, nil
}

func (folder) SaveTiles([]tlog.Tile, [][]byte) {}

func checkpoint(f folder, key string) (tlog.Tree, string, error) {
	data, err := ioutil.ReadFile(filepath.Join(string(f), "checkpoint"))
	if err != nil {
		return tlog.Tree{}, "", err
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, "", err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, "", err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, "", fmt.Errorf("the checkpoint is not of the log %q", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, "", err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, "", fmt.Errorf("the root of the checkpoint is no hash")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, lines[0], nil
}

// entries reads the bundle with the entries of a tile.
func entries(f folder, index int64, width int) ([][]byte, error) {
	data, err := ioutil.ReadFile(f.path("entries", tlog.Tile{H: height, N: index, W: width}))
	if err != nil {
		return nil, err
	}
	bundle := bytes.NewReader(data)
	var found [][]byte
	for bundle.Len() > 0 {
		var length uint16
		if err := binary.Read(bundle, binary.BigEndian, &length); err != nil {
			return nil, err
		}
		entry := make([]byte, length)
		if read, err := bundle.Read(entry); (err != nil && length > 0) || read != int(length) {
			return nil, fmt.Errorf("bundle %d ends in the middle of an entry", index)
		}
		found = append(found, entry)
	}
	if len(found) != width {
		return nil, fmt.Errorf("bundle %d has %d entries, not %d", index, len(found), width)
	}
	return found, nil
}

func verify(f folder, key string) error {
	tree, origin, err := checkpoint(f, key)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, f)
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the tiles make another root")
	}
	proofs := 0
	for first := int64(0); first < tree.N; first += 1 << height {
		width := 1 << height
		if tree.N-first < int64(width) {
			width = int(tree.N - first)
		}
		found, err := entries(f, first>>height, width)
		if err != nil {
			return err
		}
		for at, entry := range found {
			number := first + int64(at)
			hash := tlog.RecordHash(entry)
			stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, number)})
			if err != nil {
				return fmt.Errorf("event %d: %v", number+1, err)
			}
			if stored[0] != hash {
				return fmt.Errorf("event %d is not the one that the log has", number+1)
			}
			// A whole path for the first and the last of a bundle, and for some between.
			if at%50 != 0 && at != width-1 {
				continue
			}
			proof, err := tlog.ProveRecord(tree.N, number, reader)
			if err != nil {
				return fmt.Errorf("event %d: %v", number+1, err)
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, number, hash); err != nil {
				return fmt.Errorf("event %d: %v", number+1, err)
			}
			proofs++
		}
	}
	fmt.Printf("%s: %d events and %d proofs under the root %s\n", origin, tree.N, proofs, tree.Hash)
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: verify FOLDER VERIFIER-KEY")
		os.Exit(2)
	}
	if err := verify(folder(os.Args[1]), os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "not verified:", err)
		os.Exit(1)
	}
}
