const QUANTITY_PARENTS = new Set(['limits', 'requests', 'capacity', 'hard']);
const QUANTITY_FIELDS = new Set(['storage', 'sizeLimit', 'divisor']);

/**
 * True when applying `desired` would change nothing that it names in `live`. The server adds defaults, and other
 * managers add fields and list items: those are not looked at.
 */
export function agrees(desired: unknown, live: unknown): boolean {
  return compare(desired, live, { field: '', parent: '' });
}

interface Place {
  field: string;
  parent: string;
}

function compare(desired: unknown, live: unknown, place: Place): boolean {
  if (isEmpty(desired)) return isEmpty(live) || isContainer(live);
  if (Array.isArray(desired)) return Array.isArray(live) && compareLists(desired, live, place);
  if (isRecord(desired)) {
    return (
      isRecord(live) &&
      Object.entries(desired).every(([field, value]) =>
        compare(value, live[field], { field, parent: place.field }),
      )
    );
  }
  return desired === live || (isQuantityPlace(place) && sameQuantity(desired, live));
}

function compareLists(desired: unknown[], live: unknown[], place: Place): boolean {
  if (haveOwnNames(desired)) {
    const byName = new Map(live.map((item) => [nameOf(item), item]));
    return desired.every((item) => compare(item, byName.get(nameOf(item)), place));
  }
  return desired.length === live.length && desired.every((item, at) => compare(item, live[at], place));
}

/** Two of one name, such as two listeners of one Gateway, are told apart by their place alone. */
function haveOwnNames(items: unknown[]): boolean {
  const names = new Set(items.map(nameOf));
  return names.size === items.length && !names.has(undefined);
}

/** The server drops these, so that asking for them and not having them is the same. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).length === 0;
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(item: unknown): string | undefined {
  return isRecord(item) && typeof item['name'] === 'string' ? item['name'] : undefined;
}

function isQuantityPlace({ field, parent }: Place): boolean {
  return QUANTITY_PARENTS.has(parent) || QUANTITY_FIELDS.has(field);
}

const SUFFIXES: Record<string, number> = {
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** The server writes 1000m as 1 and 1024Mi as 1Gi. */
function sameQuantity(one: unknown, other: unknown): boolean {
  const [a, b] = [quantity(one), quantity(other)];
  return a !== undefined && b !== undefined && Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

function quantity(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match = /^([+-]?\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(String(value));
  const factor = SUFFIXES[match?.[2] ?? ''];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}
