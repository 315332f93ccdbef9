/**
 * A lane carries one piece of work at a time: what starts later stops what is
 * still under way.
 */
export class Lane {
	/** @param {function(boolean)} [changed] told whether work the user waits for is under way */
	constructor(changed = () => {}) {
		this.changed = changed;
		this.current = null;
		this.waited = false;
	}

	/**
	 * Runs work(signal) in place of what runs now. It resolves to whether the work
	 * came to its end: false if later work took its place.
	 * @param {function(AbortSignal): Promise} work
	 * @param {{quiet: boolean}} [options] quiet for work nobody waits for
	 * @returns {Promise<boolean>}
	 */
	async run(work, { quiet = false } = {}) {
		this.stop();
		const abort = (this.current = new AbortController());
		this.wait(!quiet);
		try {
			await work(abort.signal);
			return !abort.signal.aborted;
		} catch (err) {
			if (abort.signal.aborted || err.name === "AbortError") return false;
			throw err;
		} finally {
			if (this.current === abort) {
				this.current = null;
				this.wait(false);
			}
		}
	}

	/** Stops the work under way, if any. */
	stop() {
		this.current?.abort();
		this.current = null;
		this.wait(false);
	}

	wait(on) {
		if (on === this.waited) return;
		this.waited = on;
		this.changed(on);
	}
}
