import { CAUSE } from '@process-meter/contract';
import type { InterruptionCause } from './sample.ts';

/** Readings of the clocks at one moment, in ms. */
export interface ClockReading {
  /** UTC, can be set and stepped. */
  wall: number;
  /** Monotonic; does not run while the computer sleeps. */
  monotonic: number;
  /** Since boot, runs while the computer sleeps; null where the system has no such clock. */
  boot: number | null;
}
export interface TimelineTick {
  /** Instant of this tick on the agent's timeline, ms UTC. */
  at: number;
  /** What happened since the tick before; null when nothing did. */
  interruption: InterruptionCause | null;
}

/** Clocks that disagree by more than this between two ticks were stepped, or the computer slept. */
export const CLOCK_TOLERANCE_MS = 1500;
/** No tick for this long: the process was stopped or starved, and what happened meanwhile is not known. */
export const STALL_MS = 4000;
/** The timeline follows a slewed wall clock by at most this share of the time passed. */
const SLEW_SHARE = 0.01;

export interface Timeline {
  /** To be called once a second. */
  tick(reading: ClockReading): TimelineTick;
  /** What the next tick at this reading would report, without taking it. */
  interruption(reading: ClockReading): InterruptionCause | null;
  /** The instant of an event between two ticks; never before the last tick. */
  instant(reading: ClockReading): number;
}

/**
 * A timeline in ms UTC whose spans come from the monotonic clock. It is set to the wall clock at the start and after
 * each interruption, and otherwise drawn to it slowly, so that no span is ever wrong by more than one per cent.
 */
export function createTimeline(first: ClockReading): Timeline {
  let last = first;
  let at = first.wall;

  const spanTo = (reading: ClockReading): number => {
    const passed = Math.max(0, reading.monotonic - last.monotonic);
    const away = reading.wall - (at + passed);
    const most = passed * SLEW_SHARE;
    return passed + Math.max(-most, Math.min(most, away));
  };

  return {
    interruption: (reading) => interruptionBetween(last, reading),
    instant: (reading) => Math.round(at + spanTo(reading)),
    tick(reading) {
      const interruption = interruptionBetween(last, reading);
      at = interruption === null ? at + spanTo(reading) : reading.wall;
      last = reading;
      return { at: Math.round(at), interruption };
    },
  };
}

function interruptionBetween(last: ClockReading, now: ClockReading): InterruptionCause | null {
  const monotonic = now.monotonic - last.monotonic;
  const wall = now.wall - last.wall;
  const boot = last.boot === null || now.boot === null ? null : now.boot - last.boot;
  if (boot !== null && boot - monotonic > CLOCK_TOLERANCE_MS) return CAUSE.suspended;
  if (Math.abs(wall - monotonic) > CLOCK_TOLERANCE_MS) {
    // Without a clock that runs in sleep, a jump forward is far more often sleep than a step.
    return boot === null && wall > monotonic ? CAUSE.suspended : CAUSE.clockStep;
  }
  return monotonic > STALL_MS ? CAUSE.stalled : null;
}
