/** Fills and inks of the states for a canvas, in the colours of the theme that is on. */
export interface CanvasInk {
  readonly active: string;
  readonly inactive: string | CanvasPattern;
  readonly timeout: string | CanvasPattern;
  readonly inactiveInk: string;
  readonly timeoutInk: string;
  readonly gap: string;
}

function tile(
  size: number,
  ratio: number,
  paint: (context: CanvasRenderingContext2D) => void,
): CanvasPattern | null {
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(size * ratio);
  canvas.height = Math.round(size * ratio);
  const context = canvas.getContext('2d');
  if (context === null) return null;
  context.scale(canvas.width / size, canvas.height / size);
  paint(context);
  return context.createPattern(canvas, 'repeat');
}

function hatch(ground: string, ink: string, ratio: number): CanvasPattern | null {
  return tile(10, ratio, (context) => {
    context.fillStyle = ground;
    context.fillRect(0, 0, 10, 10);
    context.strokeStyle = ink;
    context.globalAlpha = 0.8;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const shift of [-10, 0, 10]) {
      context.moveTo(shift - 1, 11);
      context.lineTo(shift + 11, -1);
    }
    context.stroke();
  });
}

function dots(ground: string, ink: string, ratio: number): CanvasPattern | null {
  return tile(8, ratio, (context) => {
    context.fillStyle = ground;
    context.fillRect(0, 0, 8, 8);
    context.fillStyle = ink;
    for (const centre of [2, 6]) {
      context.beginPath();
      context.arc(centre, centre, 1.05, 0, 2 * Math.PI);
      context.fill();
    }
  });
}

/** The inks of the theme in force at an element, patterns made for the screen's pixel ratio. */
export function patternsOf(element: Element): CanvasInk {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const ratio = Math.max(1, devicePixelRatio);
  return {
    active: token('--active'),
    inactive: hatch(token('--inactive'), token('--inactive-pat'), ratio) ?? token('--inactive'),
    timeout: dots(token('--timeout'), token('--timeout-pat'), ratio) ?? token('--timeout'),
    inactiveInk: token('--inactive-ink'),
    timeoutInk: token('--timeout-ink'),
    gap: token('--gap'),
  };
}
