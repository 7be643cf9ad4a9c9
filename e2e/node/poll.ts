const PAUSE_MS = 20;
const TIMEOUT_MS = 5000;

/** What came of asking again and again. */
export interface Answers {
  asked: number;
  /** What went wrong, in words. */
  failed: string[];
}

/** Asks addresses without end, each time over a new connection, as somebody does who comes just then. */
export function askAgainAndAgain(urls: readonly string[]): { end(): Promise<Answers> } {
  const answers: Answers = { asked: 0, failed: [] };
  let over = false;
  const loops = urls.map(async (url) => {
    while (!over) {
      answers.asked += 1;
      const asked = Date.now();
      const wrong = await problemOf(url);
      if (wrong !== undefined)
        answers.failed.push(
          `${url} at ${new Date(asked).toISOString()}: ${wrong} after ${Date.now() - asked} ms`,
        );
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  });
  return {
    async end() {
      over = true;
      await Promise.all(loops);
      return answers;
    },
  };
}

async function problemOf(url: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(url, { headers: { connection: 'close' }, signal });
    await answer.arrayBuffer();
    return answer.ok ? undefined : `status ${answer.status}`;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
