// The proof of work that the core asks new visitors for while it is flooded: a number
// that, behind the challenge, makes a SHA-256 which begins with so many zero bits. extra.js
// fetches it when the core refuses a hello with a challenge. The hash is its own: pages
// without TLS have no crypto.subtle, which would also be slower for so little at a time.
const primes: number[] = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
const bits = (n: number) => ((n - Math.floor(n)) * 2 ** 32) | 0;
const start = primes.slice(0, 8).map((p) => bits(Math.sqrt(p)));
const round = primes.map((p) => bits(Math.cbrt(p)));
const w = new Int32Array(64);

type State = [number, number, number, number, number, number, number, number];

/** The first 32 bits of the SHA-256 of an ASCII text. */
export function sha256(text: string): number {
  const bytes = new Uint8Array(((text.length + 72) >> 6) << 6);
  const view = new DataView(bytes.buffer);
  new TextEncoder().encodeInto(text, bytes);
  bytes[text.length] = 128;
  view.setUint32(bytes.length - 4, text.length * 8);
  let [a, b, c, d, e, f, g, h] = start as State;
  for (let at = 0; at < bytes.length; at += 64) {
    const [a0, b0, c0, d0, e0, f0, g0, h0] = [a, b, c, d, e, f, g, h];
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = view.getInt32(at + i * 4);
      else {
        const x = w[i - 15]!;
        const y = w[i - 2]!;
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = w[i - 16]! + s0 + w[i - 7]! + s1;
      }
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t = (h + s1 + ((e & f) ^ (~e & g)) + round[i]! + w[i]!) | 0;
      const u = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = (d + t) | 0;
      d = c;
      c = b;
      b = a;
      a = (t + u) | 0;
    }
    a = (a + a0) | 0;
    b = (b + b0) | 0;
    c = (c + c0) | 0;
    d = (d + d0) | 0;
    e = (e + e0) | 0;
    f = (f + f0) | 0;
    g = (g + g0) | 0;
    h = (h + h0) | 0;
  }
  return a;
}

/** Solves the challenge, puts the proof where hellos take it from, and calls then to say hello again. */
export default async function solve(refusal: { challenge: string }, into: { proof?: string }, then: () => void): Promise<void> {
  const { challenge } = refusal;
  let pause = 0;
  for (let n = 0; ; n++) {
    if (n % 64 === 0 && performance.now() > pause) {
      await new Promise((done) => setTimeout(done)); // a page must not stall
      pause = performance.now() + 12;
    }
    into.proof = challenge + '.' + n;
    if (Math.clz32(sha256(into.proof)) >= parseInt(challenge)) break;
  }
  // The refused connection may close only now.
  for (const wait of [0, 300, 1000, 3000]) setTimeout(then, wait);
}
