import type { Declared, DeclaredKind } from '@process-meter/contract';
import { keyText, type KubeObject } from '../runtime/index.ts';
import { markOf, type Mark } from './mark.ts';

/** What the Manager holds of a resource. */
export interface Held {
  answer: Declared;
  /** ms since 1970 */
  observedAt: number;
  /** Monotonic, ms: when it was brought; 0 when it was only read. */
  broughtAt: number;
  /** Undefined when it was only read: what was asked for before this process began counts as done. */
  askedFor?: { value: string | undefined };
}

/** Why a state of a resource is not held. */
export interface Refusal {
  mark: Mark;
  reason: 'Rejected' | 'Conflict';
  message: string;
  /** Monotonic, ms. */
  at: number;
}

const BACKOFF_MS = { first: 1000, longest: 30_000 };
/** What was refused is brought again, because the reason may be gone: a name that was taken. */
const TRY_AGAIN_MS = 5 * 60_000;

interface Name {
  kind: DeclaredKind;
  name: string;
}

const textOf = ({ kind, name }: Name): string => `${kind}/${name}`;

/** What is known of one Manager: what it holds, what it refused, and whether it answers. */
export class Mirror {
  #held = new Map<string, Held>();
  /** By what was missed when they were brought or read: those that miss it. */
  readonly #waiting = new Map<string, Set<string>>();
  readonly #refused = new Map<string, Refusal>();
  #read = false;
  #failure: string | undefined;
  #failures = 0;
  #tryAt = 0;

  /** False until all that it holds was read once. */
  get wasRead(): boolean {
    return this.#read;
  }

  /** Why it does not answer; undefined while it does. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** It does not answer. @param now monotonic, ms */
  failed(message: string, now: number): void {
    this.#failure = message;
    this.#failures += 1;
    this.#tryAt =
      now + Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** Math.min(this.#failures - 1, 20));
  }

  /** How long to leave a Manager alone that did not answer, ms. @param now monotonic, ms */
  restMs(now: number): number {
    return this.#failure === undefined ? 0 : Math.max(0, this.#tryAt - now);
  }

  held(name: Name): Held | undefined {
    return this.#held.get(textOf(name));
  }

  /** What holds this very state of a resource. */
  holds(kind: DeclaredKind, object: KubeObject): Held | undefined {
    const held = this.held({ kind, name: object.metadata.name });
    if (held === undefined) return undefined;
    const { uid, generation, askedFor } = markOf(object);
    if (held.answer.uid !== uid || held.answer.generation !== generation) return undefined;
    held.askedFor ??= { value: askedFor };
    return held.askedFor.value === askedFor ? held : undefined;
  }

  /** It was brought: it answers, and holds it. */
  brought(name: Name, held: Held): void {
    this.#failures = 0;
    this.#refused.delete(textOf(name));
    this.#keep(textOf(name), held);
  }

  #keep(text: string, held: Held): void {
    this.#held.set(text, held);
    for (const missed of held.answer.missing) {
      const waiting = this.#waiting.get(missed) ?? new Set();
      this.#waiting.set(missed, waiting.add(text));
    }
  }

  refused(name: Name, refusal: Refusal): void {
    this.#failures = 0;
    this.#refused.set(textOf(name), refusal);
  }

  /** Why this very state of a resource is refused, unless it is time to try again. @param now monotonic, ms */
  refusalOf(kind: DeclaredKind, object: KubeObject, now: number): Refusal | undefined {
    const refusal = this.#refused.get(textOf({ kind, name: object.metadata.name }));
    if (refusal === undefined || now - refusal.at >= TRY_AGAIN_MS) return undefined;
    const { uid, generation, askedFor } = markOf(object);
    const { mark } = refusal;
    return mark.uid === uid && mark.generation === generation && mark.askedFor === askedFor
      ? refusal
      : undefined;
  }

  dropped(name: Name): void {
    this.#held.delete(textOf(name));
  }

  /** Takes what was read. What was brought meanwhile is newer than it. @param read `startedAt` is monotonic */
  replace(answers: readonly Declared[], read: { startedAt: number; observedAt: number }): void {
    const before = this.#held;
    this.#waiting.clear();
    this.#held = new Map();
    for (const [text, held] of before) if (held.broughtAt >= read.startedAt) this.#keep(text, held);
    for (const answer of answers) {
      const text = textOf(answer);
      if (this.#held.has(text)) continue;
      const known = before.get(text);
      const same = known?.answer.uid === answer.uid && known.askedFor !== undefined;
      this.#keep(text, {
        answer,
        observedAt: read.observedAt,
        broughtAt: 0,
        ...(same ? { askedFor: known.askedFor } : {}),
      });
    }
    if (this.#failure === undefined) this.#failures = 0;
    this.#failure = undefined;
    this.#read = true;
  }

  /** Of the names that the Manager missed when it answered: those that it still misses. */
  missing({ answer }: Held): string[] {
    return answer.missing.filter((name) => !this.#held.has(name));
  }

  /** The resources that missed this one. */
  waitingFor(name: Name): Name[] {
    return [...(this.#waiting.get(textOf(name)) ?? [])].flatMap((text) => {
      const held = this.#held.get(text);
      return held?.answer.missing.includes(textOf(name)) === true ? [held.answer] : [];
    });
  }

  /** Those of them that miss nothing more, now that it is held. */
  completedBy(name: Name): Name[] {
    const complete = this.waitingFor(name).filter((one) => {
      const held = this.held(one);
      return held !== undefined && this.missing(held).length === 0;
    });
    this.#waiting.delete(textOf(name));
    return complete;
  }
}

/** Of every ProcessMeter its mirror; one that was made anew begins anew. */
export class Mirrors {
  readonly #mirrors = new Map<string, { uid: string | undefined; mirror: Mirror }>();

  of({ metadata }: KubeObject): Mirror {
    const text = keyText({ namespace: metadata.namespace ?? '', name: metadata.name });
    const known = this.#mirrors.get(text);
    if (known?.uid === metadata.uid && known !== undefined) return known.mirror;
    const mirror = new Mirror();
    this.#mirrors.set(text, { uid: metadata.uid, mirror });
    return mirror;
  }

  forget(key: { namespace: string; name: string }): void {
    this.#mirrors.delete(keyText(key));
  }
}
