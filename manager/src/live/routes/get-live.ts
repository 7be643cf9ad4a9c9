import { PassThrough } from 'node:stream';
import { SESSION_COOKIE, type Access } from '../../access/index.ts';
import type { App } from '../../plugins/index.ts';
import type { LiveBoard } from '../board.ts';

const PING_MS = 15_000;

export interface LiveRouteDeps {
  board: LiveBoard;
  access: Access;
}

/** Server-sent events: `now` when something changed, a comment in between so that proxies keep the line open. */
export function getLiveRoute(app: App, { board, access }: LiveRouteDeps): void {
  const open = new Set<PassThrough>();
  app.addHook('preClose', (done) => {
    for (const stream of open) stream.end();
    done();
  });
  app.get(
    '/live',
    {
      schema: {
        operationId: 'getLive',
        summary: 'Server-sent events: `now` with the live state, at most once a second, when it changed',
        tags: ['overview'],
      },
    },
    (request, reply) => {
      const { account } = request.who();
      const token = request.cookies[SESSION_COOKIE] ?? '';
      const stream = new PassThrough();
      open.add(stream);
      const unwatch = board.watch(account, (live) => {
        // A reader that does not keep up gets the next state, not a queue of old ones.
        if (!stream.writableNeedDrain) stream.write(`event: now\ndata: ${JSON.stringify(live)}\n\n`);
      });
      const ping = setInterval(() => {
        stream.write(': ping\n\n');
        // Signing out ends what was opened before.
        access
          .who(token)
          .then((who) => (who === undefined ? stream.end() : undefined))
          .catch(() => stream.end());
      }, PING_MS);
      const end = (): void => {
        clearInterval(ping);
        unwatch();
        open.delete(stream);
        stream.destroy();
      };
      request.raw.once('close', end);
      stream.once('finish', end);
      stream.write(': open\n\n');
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no')
        .send(stream);
    },
  );
}
