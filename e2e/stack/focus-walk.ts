import type { Page } from '@playwright/test';

/** An element in words: what it is, what it says. */
type Named = string;

export interface Walk {
  /** Controls that Tab does not reach. */
  missed: Named[];
  /** Stops whose focus cannot be seen: no ring, outside the window, or behind something else. */
  unseen: Named[];
  stops: number;
}

/** Walks a page or an open dialog by the Tab key alone, from its beginning until it is left. */
export async function walkByTab(page: Page, within = 'body'): Promise<Walk> {
  const names = await page.evaluate(numberControls, within);
  const reached = new Set<number>();
  const unseen = new Set<Named>();
  for (let stop = 0; stop < names.length + 5; stop += 1) {
    // A dialog has put the focus on its first control already.
    if (stop > 0 || within === 'body') await page.keyboard.press('Tab');
    const { number, seen } = await page.evaluate(lookAtFocus);
    if (number === null || reached.has(number)) break;
    reached.add(number);
    if (!seen) unseen.add(names[number] ?? '');
  }
  return {
    missed: names.filter((_, number) => !reached.has(number)),
    unseen: [...unseen],
    stops: reached.size,
  };
}

/** Runs in the page: numbers all that can take the focus and is shown. */
function numberControls(within: string): string[] {
  const CONTROLS = 'a[href],button,input,select,textarea,summary,[tabindex]';
  const controls = [...document.querySelectorAll<HTMLElement>(`${within} :is(${CONTROLS})`)].filter(
    (each) =>
      each.tabIndex >= 0 &&
      each.checkVisibility({ visibilityProperty: true }) &&
      !each.matches(':disabled,[type=hidden],[inert] *'),
  );
  for (const [number, control] of controls.entries()) control.dataset['walk'] = String(number);
  if (within === 'body' && document.activeElement instanceof HTMLElement) document.activeElement.blur();
  return controls.map(
    (each) =>
      `${each.localName} "${(each.getAttribute('aria-label') ?? each.textContent).trim().slice(0, 40)}"`,
  );
}

/** Runs in the page: which control has the focus, and whether one can see that. */
function lookAtFocus(): { number: number | null; seen: boolean } {
  const focus = document.activeElement;
  if (!(focus instanceof HTMLElement) || focus.dataset['walk'] === undefined)
    return { number: null, seen: false };
  const { outlineStyle, outlineWidth } = getComputedStyle(focus);
  const middle = (from: number, to: number, most: number): number =>
    (Math.max(0, from) + Math.min(most, to)) / 2;
  // A line of text in two rows has a box for each row.
  const seen = [...focus.getClientRects()].some(({ left, right, top, bottom }) => {
    const found = document.elementFromPoint(
      middle(left, right, innerWidth),
      middle(top, bottom, innerHeight),
    );
    return found !== null && (focus.contains(found) || found.contains(focus));
  });
  // Widths are whole device pixels and told before the zoom of the wall view.
  const ring = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) * focus.currentCSSZoom > 1.9;
  return { number: Number(focus.dataset['walk']), seen: seen && ring };
}
