/** Bounds of the HTTP way in, by name (spec 7.4; spec 9, 31). */

export interface HttpLimits {
  /** Bytes of one request body; a longer one is answered 413. */
  readonly bodyBytesMax: number;
  /** Bytes of the body that begins a session, which keeps what the client says of itself; a longer one is answered 413. */
  readonly initializeBytesMax: number;
  /** Bytes of all bodies that are held at once; beyond it 503. */
  readonly bodiesBytesMax: number;
  /** The same of one client; beyond it 429. */
  readonly bodiesBytesPerClientMax: number;
  /** Bytes of a request's header lines; more is answered 431. */
  readonly headerBytesMax: number;
  /** How long a client may take for the header lines, in milliseconds; then 408. */
  readonly headersMsMax: number;
  /** How long a client may take for a whole request, in milliseconds; then 408. */
  readonly requestMsMax: number;
  /** How often slow requests are looked for, in milliseconds. */
  readonly slowCheckMs: number;
  /** How long a connection may wait for its next request, in milliseconds. */
  readonly keepAliveMs: number;
  /** How long a client may leave unread what is written to it, in milliseconds; then the connection is closed. */
  readonly stallMsMax: number;
  /** Connections at once; further ones are closed when they come in. */
  readonly connectionsMax: number;
  /** JSON-RPC requests that are being served at once, of all clients; beyond it 503. */
  readonly callsMax: number;
  /** The same of one client; beyond it 429. */
  readonly callsPerClientMax: number;
  /** Requests per second that a client may make in the long run; beyond it 429. */
  readonly requestsPerSecond: number;
  /** Requests that a client may make at once after a pause. */
  readonly requestsBurst: number;
  /** Clients whose rate is remembered. */
  readonly clientsMax: number;
  /** Streams that stay open (notifications, subscriptions, SSE); beyond it 503. */
  readonly streamsMax: number;
  /** The same of one client; beyond it 429. */
  readonly streamsPerClientMax: number;
  /** Sessions of the revisions that have them; beyond it 503, unless one has been left. */
  readonly sessionsMax: number;
  /** The same of one client, so that the others can begin some. */
  readonly sessionsPerClientMax: number;
  /** After this time without a request or stream a session is ended, in milliseconds. */
  readonly sessionIdleMs: number;
  /** After this time a session makes room for a new one when there are too many, in milliseconds. */
  readonly sessionSpareMs: number;
  /** How often sessions are looked at, in milliseconds. */
  readonly sessionSweepMs: number;
  /** How often an open stream says that it is alive, in milliseconds. */
  readonly streamAliveMs: number;
  /** How long requests under way may still be answered when the server is to end, in milliseconds. */
  readonly drainMsMax: number;
}

export const HTTP_LIMITS: HttpLimits = {
  bodyBytesMax: 16 * 1024 * 1024,
  initializeBytesMax: 64 * 1024,
  bodiesBytesMax: 128 * 1024 * 1024,
  bodiesBytesPerClientMax: 64 * 1024 * 1024,
  headerBytesMax: 16 * 1024,
  headersMsMax: 10_000,
  requestMsMax: 60_000,
  slowCheckMs: 1_000,
  keepAliveMs: 30_000,
  stallMsMax: 60_000,
  connectionsMax: 1_024,
  callsMax: 128,
  callsPerClientMax: 64,
  requestsPerSecond: 500,
  requestsBurst: 2_000,
  clientsMax: 10_000,
  streamsMax: 512,
  streamsPerClientMax: 256,
  sessionsMax: 512,
  sessionsPerClientMax: 256,
  sessionIdleMs: 30 * 60_000,
  sessionSpareMs: 60_000,
  sessionSweepMs: 10_000,
  streamAliveMs: 15_000,
  drainMsMax: 500,
};
