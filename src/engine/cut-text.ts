/** Cuts texts to a length without splitting a character in two. */

/** The text, or as much of it as fits with the marker into `charsMax` UTF-16 units. */
export function cutText(text: string, charsMax: number, marker = "…"): string {
  if (text.length <= charsMax) return text;
  return text.slice(0, boundary(text, Math.max(0, charsMax - marker.length))) + marker;
}

/** The place itself, or the one before it when the place is in the middle of a surrogate pair. */
export function boundary(text: string, place: number): number {
  return isInsidePair(text, place) ? place - 1 : place;
}

function isInsidePair(text: string, place: number): boolean {
  const before = text.charCodeAt(place - 1);
  const after = text.charCodeAt(place);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}
