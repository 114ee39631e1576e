/** Plays a piece of the film and stops at its end. */

export class Pieces {
  #endS = Infinity;
  /** @type {number | undefined} */
  #frame;

  /** @param {import("../player/player.js").Player} player */
  constructor(player) {
    this.player = player;
    player.video.addEventListener("pause", () => this.#rest());
  }

  /** Milliseconds. */
  get positionMs() {
    return Math.round(this.player.position * 1000);
  }

  /** @param {number} fromMs @param {number} toMs */
  play(fromMs, toMs) {
    this.player.seek(fromMs / 1000);
    this.#endS = toMs / 1000;
    void this.player.play().then(() => this.#watch());
  }

  /** Looked at with every picture: the player's own clock ticks four times a second only. */
  #watch() {
    this.#rest();
    const look = () => {
      if (this.player.video.currentTime >= this.#endS) this.player.pause();
      else this.#frame = requestAnimationFrame(look);
    };
    this.#frame = requestAnimationFrame(look);
  }

  #rest() {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }
}
