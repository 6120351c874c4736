/** Who waits, in the order they came, linked through themselves: waiting in a list allocates nothing. */
export abstract class Link {
  // Written by the list that it is in. Set by a constructor: to define fields costs three times as much.
  declare list: object | null;
  declare before: Link | null;
  declare after: Link | null;

  constructor() {
    this.list = this.before = this.after = null;
  }
}

export class LinkedList<L extends Link> {
  /** Who has been in longest; for those who walk it themselves. */
  first: Link | null = null;
  private last: Link | null = null;

  get isEmpty(): boolean {
    return this.first === null;
  }

  push(link: L): void {
    link.list = this;
    link.before = this.last;
    if (this.last === null) this.first = link;
    else this.last.after = link;
    this.last = link;
  }

  /** Takes out the one that has been in longest. */
  shift(): L | null {
    const first = this.first as L | null;
    if (first !== null) this.remove(first);
    return first;
  }

  /** Takes one out, if it is still in. */
  remove(link: L): void {
    if (link.list !== this) return;
    if (link.before === null) this.first = link.after;
    else link.before.after = link.after;
    if (link.after === null) this.last = link.before;
    else link.after.before = link.before;
    link.list = link.before = link.after = null;
  }

  *[Symbol.iterator](): Generator<L> {
    for (let link = this.first; link !== null; link = link.after) yield link as L;
  }
}
