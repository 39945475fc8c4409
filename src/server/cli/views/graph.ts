/** Draws a history as lanes of glyphs, newest commit first, like `log --graph` of git. */

export interface GraphNode {
  readonly hash: string;
  readonly parents: readonly string[];
}

export interface GraphRow {
  /** The glyphs before the commit's own text. */
  readonly commit: string;
  /** Lines between this commit and the next one. */
  readonly below: readonly string[];
}

/**
 * A lane waits for the commit that it leads to; lanes that wait for the same commit join in the leftmost of them just above it, and further
 * parents of a merge, which is an empty circle, open lanes to the right.
 *
 * @param nodes Children before parents. A parent that is not among them keeps its lane to the end.
 */
export function drawGraph(nodes: readonly GraphNode[]): readonly GraphRow[] {
  const lanes: string[] = [];
  return nodes.map(({ hash, parents }, index) => {
    if (!lanes.includes(hash)) lanes.push(hash);
    const own = lanes.indexOf(hash);
    const glyph = parents.length > 1 ? "○" : "●";
    const commit = lanes.map((_, lane) => (lane === own ? glyph : "│")).join(" ");
    const below = [...leaveCommit(lanes, own, parents), ...joinLanes(lanes, nodes[index + 1]?.hash)];
    return { commit, below };
  });
}

/** The lane of a commit goes on to its first parent, or ends. */
function leaveCommit(lanes: string[], own: number, [first, ...others]: readonly string[]): readonly string[] {
  if (first === undefined) {
    const below = own < lanes.length - 1 ? [closing(lanes.length, own)] : [];
    lanes.splice(own, 1);
    return below;
  }
  lanes[own] = first;
  return others.map((parent) => {
    if (!lanes.includes(parent)) lanes.push(parent);
    return joining(lanes.length, own, lanes.indexOf(parent)).replace("┘", "┐");
  });
}

/** All lanes that wait for the commit that comes next become one. */
function joinLanes(lanes: string[], next: string | undefined): readonly string[] {
  const below: string[] = [];
  if (next === undefined) return below;
  const kept = lanes.indexOf(next);
  for (let lane = lanes.lastIndexOf(next); lane > kept; lane = lanes.lastIndexOf(next)) {
    below.push(joining(lanes.length, kept, lane));
    lanes.splice(lane, 1);
  }
  return below;
}

/** `├─┘`: the lane on the right ends in the one on the left. */
function joining(lanes: number, left: number, right: number): string {
  const [from, to] = left < right ? [left, right] : [right, left];
  return Array.from({ length: lanes }, (_, lane) => {
    const glyph = lane === from ? "├" : lane === to ? "┘" : lane > from && lane < to ? "┼" : "│";
    return glyph + (lane >= from && lane < to ? "─" : " ");
  })
    .join("")
    .trimEnd();
}

/** The lanes to the right of one that ended move one place to the left. */
function closing(lanes: number, ended: number): string {
  return Array.from({ length: lanes }, (_, lane) => (lane < ended ? "│" : lane === ended ? " " : "╱"))
    .join(" ")
    .trimEnd();
}
