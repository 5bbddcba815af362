// Binary messages with the sound of a call, as kikimori_core/wire/sound_frames.py describes them.

const KINDS = ["", "live", "past", "past_over"];
const SIDES = ["customer", "operator", "mixed"];
const HEAD_BYTES = 5;
const PART_BYTES = 8;
const MOST_SAMPLES = 16_000;

/** Value of each code of μ-law (ITU-T G.711), 1 = the loudest. */
const VALUES = Float32Array.from({ length: 256 }, (_, index) => {
  const code = ~index & 0xff;
  const size = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
  return (code & 0x80 ? -size : size) / 32768;
});

/**
 * @typedef {object} SoundPart sound of one side, without a gap
 * @property {string} role
 * @property {number} rate samples a second
 * @property {number} position number of the first sample, counted from the call's first
 * @property {Float32Array<ArrayBuffer>} samples
 *
 * @typedef {{kind: string, parts: SoundPart[]}} SoundFrame
 */

/**
 * Reads a message; null for bytes that are none.
 * @param {ArrayBuffer} message
 * @returns {SoundFrame | null}
 */
export function readFrame(message) {
  if (message.byteLength < HEAD_BYTES) return null;
  const view = new DataView(message);
  const kind = KINDS[view.getUint8(0)];
  if (!kind) return null;
  /** @type {SoundPart[]} */
  const parts = [];
  let at = HEAD_BYTES;
  while (at < message.byteLength) {
    if (at + PART_BYTES > message.byteLength) return null;
    const role = SIDES[view.getUint8(at)];
    const rate = view.getUint8(at + 1) * 1000;
    const count = view.getUint16(at + 6);
    const end = at + PART_BYTES + count;
    if (!role || (rate !== 8000 && rate !== 16_000) || count === 0 || count > MOST_SAMPLES || end > message.byteLength) return null;
    const codes = new Uint8Array(message, at + PART_BYTES, count);
    parts.push({ role, rate, position: view.getUint32(at + 2), samples: Float32Array.from(codes, (code) => VALUES[code]) });
    at = end;
  }
  return { kind, parts };
}
