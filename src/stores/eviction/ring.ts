/** A ring of what was used, from the most recently to the least. */

/** Something in a ring. */
export interface Linked {
  older: this;
  newer: this;
}

/** A ring, by its end: newer than it is the least recently used, older the most recently used. */
export interface Ring<Item extends Linked> {
  /** The least recently used; `undefined` of an empty ring. */
  oldest(): Item | undefined;
  /** Puts in what is in no ring, as the most recently used. */
  add(item: Item): void;
  /** Takes out what is in this ring. */
  remove(item: Item): void;
}

/** Creates an empty ring. */
export function ring<Item extends Linked>(): Ring<Item> {
  const end = {} as Item;
  end.older = end;
  end.newer = end;
  return {
    oldest: () => (end.newer === end ? undefined : end.newer),
    add(item) {
      item.older = end.older;
      item.newer = end;
      end.older.newer = item;
      end.older = item;
    },
    remove({ older, newer }) {
      older.newer = newer;
      newer.older = older;
    },
  };
}
