// Plays a recorded call: one <audio> for the file, and behind it a volume for each side (Web Audio).

/** @typedef {{from: number, to: number}} Stretch */

export const RATES = [0.75, 1, 1.25, 1.5, 1.75, 2];
const SMOOTH_S = 0.02;
const SHORTEST_S = 0.3; // a loop that is shorter would only click

/**
 * Volumes and the way of both sides to the ears. Made at the first press: browsers give no sound before one.
 */
class Mixer {
  /**
   * @param {HTMLAudioElement} audio
   * @param {number} channels 1 = both voices in one
   */
  constructor(audio, channels) {
    this.context = new AudioContext();
    const source = this.context.createMediaElementSource(audio);
    const splitter = this.context.createChannelSplitter(2);
    source.connect(splitter);
    this.gains = Array.from({ length: channels }, () => this.context.createGain());
    this.gains.forEach((gain, channel) => splitter.connect(gain, channel));
    // What was raised must not crackle.
    this.limiter = new DynamicsCompressorNode(this.context, { threshold: -3, knee: 0, ratio: 20, attack: 0.003, release: 0.1 });
    this.limiter.connect(this.context.destination);
    /** @type {AudioNode | null} */
    this.joint = null;
  }

  /** @param {boolean} apart whether the customer is heard left and the operator right */
  join(apart) {
    this.joint?.disconnect();
    for (const gain of this.gains) gain.disconnect();
    if (apart && this.gains.length === 2) {
      const merger = this.context.createChannelMerger(2);
      this.gains.forEach((gain, channel) => gain.connect(merger, 0, channel));
      this.joint = merger;
    } else {
      const both = this.context.createGain();
      for (const gain of this.gains) gain.connect(both);
      this.joint = both;
    }
    this.joint.connect(this.limiter);
  }

  /** @param {number[]} volumes of each channel */
  set(volumes) {
    this.gains.forEach((gain, channel) => gain.gain.setTargetAtTime(volumes[channel] ?? 1, this.context.currentTime, SMOOTH_S));
  }
}

export class Player {
  /**
   * @param {object} given
   * @param {string} given.source address of the sound
   * @param {(from: number) => Promise<boolean>} given.allowed asks whether it may be played from a time; once for each press
   * @param {() => void} given.changed called when anything but the time changed
   * @param {() => void} given.broken called when the sound did not come, or broke off
   */
  constructor({ source, allowed, changed, broken }) {
    this.source = source;
    this.allowed = allowed;
    this.changed = changed;
    this.broken = broken;
    this.channels = 2;
    this.length = 0;
    this.rate = 1;
    this.volumes = [1, 1];
    this.raised = [1, 1];
    this.raises = false;
    this.apart = false;
    /** @type {Stretch | null} */
    this.loop = null;
    /** @type {Mixer | null} */
    this.mixer = null;
    this.asking = false;
    this.fault = "";
    this.place = 0; // time before anything is loaded
    this.audio = new Audio();
    this.audio.preload = "metadata";
    for (const each of ["play", "pause", "ended", "waiting", "playing", "loadedmetadata", "seeked"]) this.audio.addEventListener(each, () => changed());
    this.audio.addEventListener("timeupdate", () => this.tick());
    this.audio.addEventListener("error", () => this.failed());
  }

  /** Whether sound comes, or would if it were loaded. */
  get playing() {
    return this.loaded && !this.audio.paused && !this.audio.ended;
  }

  get loaded() {
    return this.audio.hasAttribute("src");
  }

  /** Second of the call. */
  get time() {
    return this.loaded ? this.audio.currentTime : this.place;
  }

  get waits() {
    return this.asking || (this.playing && this.audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA);
  }

  async toggle() {
    if (this.playing) this.pause();
    else await this.play();
  }

  pause() {
    this.audio.pause();
  }

  /** Plays from where it stands, if that is allowed. */
  async play() {
    if (this.asking) return;
    this.mixer ??= this.made();
    const opened = this.mixer.context.resume();
    this.asking = true;
    this.fault = "";
    this.changed();
    const allowed = await this.allowed(this.time >= this.length ? 0 : this.time);
    this.asking = false;
    if (allowed) {
      if (!this.loaded) this.load();
      await opened;
      await this.audio.play().catch(() => {});
    }
    this.changed();
  }

  made() {
    const mixer = new Mixer(this.audio, this.channels);
    mixer.join(this.apart);
    mixer.set(this.gains());
    return mixer;
  }

  load() {
    this.audio.src = this.source;
    this.audio.currentTime = this.place;
    this.audio.preservesPitch = true;
    this.audio.defaultPlaybackRate = this.rate;
    this.audio.playbackRate = this.rate;
  }

  /** @param {number} seconds */
  seek(seconds) {
    const time = Math.min(Math.max(0, seconds), this.length || seconds);
    this.place = time;
    if (this.loaded) this.audio.currentTime = time;
    this.changed();
  }

  /** @param {number} rate */
  setRate(rate) {
    this.rate = rate;
    this.audio.defaultPlaybackRate = rate;
    this.audio.playbackRate = rate;
    this.changed();
  }

  /** @param {1 | -1} way */
  nextRate(way) {
    const index = RATES.indexOf(this.rate) + way;
    if (index in RATES) this.setRate(RATES[index]);
  }

  /** @param {Stretch | null} loop */
  setLoop(loop) {
    this.loop = loop !== null && loop.to - loop.from >= SHORTEST_S ? loop : null;
    if (this.loop && (this.time < this.loop.from || this.time > this.loop.to)) this.seek(this.loop.from);
    this.changed();
  }

  /** Begins the loop again at its end; to be called often. */
  tick() {
    if (this.loop && this.playing && this.time >= this.loop.to) this.audio.currentTime = this.loop.from;
  }

  /** @returns {number[]} */
  gains() {
    return this.volumes.map((volume, channel) => volume * (this.raises ? (this.raised[channel] ?? 1) : 1));
  }

  /**
   * @param {{volumes?: number[], raises?: boolean, apart?: boolean}} wanted
   */
  setSides({ volumes, raises, apart }) {
    this.volumes = volumes ?? this.volumes;
    this.raises = raises ?? this.raises;
    if (apart !== undefined && apart !== this.apart) {
      this.apart = apart;
      this.mixer?.join(apart);
    }
    this.mixer?.set(this.gains());
    this.changed();
  }

  /** The sound did not come, or broke off. */
  failed() {
    if (!this.loaded) return;
    this.place = this.audio.currentTime;
    this.unload();
    this.fault = "failed";
    this.changed();
    this.broken();
  }

  /** Stops, and lets go of what was loaded. */
  drop() {
    this.place = this.time;
    this.unload();
    this.changed();
  }

  unload() {
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }
}
