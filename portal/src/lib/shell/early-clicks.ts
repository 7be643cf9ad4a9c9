declare global {
  interface Window {
    /** What was clicked before the scripts of the page ran; app.html begins to keep it. */
    earlyClicks?: EventTarget[];
    keepEarlyClick?: (event: Event) => void;
  }
}

/** Buttons that do nothing without scripts carry this class; all others have done their part already. */
const NEEDS_SCRIPTS = 'button.needs-js';

/** Does what was clicked while the scripts were still on their way, once, in the order of the clicks. */
export function doEarlyClicks(): void {
  const { earlyClicks = [], keepEarlyClick } = window;
  if (keepEarlyClick !== undefined) removeEventListener('click', keepEarlyClick, true);
  delete window.earlyClicks;
  delete window.keepEarlyClick;
  document.documentElement.dataset['scripts'] = 'running';
  for (const target of earlyClicks) {
    const button = target instanceof Element ? target.closest<HTMLButtonElement>(NEEDS_SCRIPTS) : null;
    if (button?.isConnected === true) button.click();
  }
}
