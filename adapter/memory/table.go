package memory

import "iter"

// table is rows by key. Laid over another one it shows that one's rows where it has none of its own.
type table[K comparable, V any] struct {
	below *table[K, V]
	rows  map[K]V
	gone  map[K]struct{} // of the rows below
}

func (t *table[K, V]) get(key K) (V, bool) {
	row, found := t.rows[key]
	if _, gone := t.gone[key]; found || gone || t.below == nil {
		return row, found
	}
	return t.below.get(key)
}

func (t *table[K, V]) has(key K) bool {
	_, found := t.get(key)
	return found
}

func (t *table[K, V]) put(key K, row V) {
	if t.rows == nil {
		t.rows = map[K]V{}
	}
	t.rows[key] = row
	delete(t.gone, key)
}

func (t *table[K, V]) drop(key K) {
	delete(t.rows, key)
	if t.below == nil {
		return
	}
	if t.gone == nil {
		t.gone = map[K]struct{}{}
	}
	t.gone[key] = struct{}{}
}

// all gives every row once, in no order.
func (t *table[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for key, row := range t.rows {
			if !yield(key, row) {
				return
			}
		}
		if t.below == nil {
			return
		}
		for key, row := range t.below.all() {
			_, changed := t.rows[key]
			_, gone := t.gone[key]
			if !changed && !gone && !yield(key, row) {
				return
			}
		}
	}
}

func (t *table[K, V]) over(below part) { t.below = below.(*table[K, V]) }

func (t *table[K, V]) layIn() {
	for key := range t.gone {
		t.below.drop(key)
	}
	for key, row := range t.rows {
		t.below.put(key, row)
	}
}

// list is rows in the order in which they came. They are never changed.
type list[V any] struct {
	below *list[V]
	rows  []V
}

func (l *list[V]) add(row V) { l.rows = append(l.rows, row) }

func (l *list[V]) len() int {
	if l.below == nil {
		return len(l.rows)
	}
	return l.below.len() + len(l.rows)
}

// all gives every row, the oldest first.
func (l *list[V]) all() iter.Seq[V] {
	return func(yield func(V) bool) {
		if l.below != nil {
			for row := range l.below.all() {
				if !yield(row) {
					return
				}
			}
		}
		for _, row := range l.rows {
			if !yield(row) {
				return
			}
		}
	}
}

func (l *list[V]) over(below part) { l.below = below.(*list[V]) }

func (l *list[V]) layIn() { l.below.rows = append(l.below.rows, l.rows...) }

// part is what a store's tables are made of.
type part interface {
	over(below part)
	layIn()
}
