package main

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
)

// object is never changed once it is in a bucket.
type object struct {
	key         string
	body        []byte
	etag        string
	modified    time.Time
	contentType string
	// The checksum headers that it was sent with, by their names.
	checksums map[string]string
}

const shardCount = 256

type shard struct {
	sync.RWMutex
	objects map[string]*object
}

// bucket holds objects by key, and their order for listings.
//
// A writer holds the lock of the key's shard while it notes the change in the order, so that both
// have the same changes of one key in the same order.
type bucket struct {
	seed   maphash.Seed
	shards [shardCount]shard
	order  order
}

func newBucket() *bucket {
	b := &bucket{seed: maphash.MakeSeed()}
	for i := range b.shards {
		b.shards[i].objects = map[string]*object{}
	}
	return b
}

func (b *bucket) shardOf(key string) *shard {
	return &b.shards[maphash.String(b.seed, key)%shardCount]
}

func (b *bucket) get(key string) *object {
	s := b.shardOf(key)
	s.RLock()
	defer s.RUnlock()
	return s.objects[key]
}

// put stores the object, and returns whether it did: with ifAbsent it does not replace another one.
func (b *bucket) put(o *object, ifAbsent bool) bool {
	s := b.shardOf(o.key)
	s.Lock()
	defer s.Unlock()
	if _, there := s.objects[o.key]; there && ifAbsent {
		return false
	}
	s.objects[o.key] = o
	b.order.note(o.key, o)
	return true
}

func (b *bucket) delete(key string) {
	s := b.shardOf(key)
	s.Lock()
	defer s.Unlock()
	if _, there := s.objects[key]; there {
		delete(s.objects, key)
		b.order.note(key, nil)
	}
}

// order is all objects in byte order of their keys. Writers only append their changes; the next
// listing merges them into a new slice, and listings that hold the one before go on reading it.
type order struct {
	sync.Mutex
	sorted  []*object
	changes []change
}

type change struct {
	key string
	// nil, if the key was deleted.
	object *object
}

func (o *order) note(key string, object *object) {
	o.Lock()
	o.changes = append(o.changes, change{key, object})
	o.Unlock()
}

// snapshot returns all objects of this moment. The slice must not be changed.
func (o *order) snapshot() []*object {
	o.Lock()
	defer o.Unlock()
	if len(o.changes) == 0 {
		return o.sorted
	}
	// Stable: of the changes of one key the last one counts.
	slices.SortStableFunc(o.changes, func(x, y change) int { return strings.Compare(x.key, y.key) })
	merged := make([]*object, 0, len(o.sorted)+len(o.changes))
	rest := o.sorted
	for i, each := range o.changes {
		if i+1 < len(o.changes) && o.changes[i+1].key == each.key {
			continue
		}
		at := firstAtOrAfter(rest, each.key)
		merged = append(merged, rest[:at]...)
		rest = rest[at:]
		if len(rest) > 0 && rest[0].key == each.key {
			rest = rest[1:]
		}
		if each.object != nil {
			merged = append(merged, each.object)
		}
	}
	o.sorted = append(merged, rest...)
	o.changes = nil
	return o.sorted
}

// firstAtOrAfter returns the index of the first object whose key is not below the given one.
func firstAtOrAfter(objects []*object, key string) int {
	at, _ := slices.BinarySearchFunc(objects, key, func(o *object, key string) int {
		return strings.Compare(o.key, key)
	})
	return at
}
