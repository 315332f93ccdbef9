const size = 10;
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

/** The colour that a custom property of the style sheet has in the present theme. */
export function css(name) {
	probe.style.color = `var(${name})`;
	return getComputedStyle(probe).color;
}

/**
 * Gives each name a colour and lets it keep it for as long as the same things are
 * compared, whatever order they come in.
 */
export class Palette {
	constructor() {
		this.context = "";
		this.places = new Map();
	}

	/** Starts anew when other things are compared. */
	use(context, names) {
		if (context !== this.context) {
			this.context = context;
			this.places.clear();
		}
		const present = new Set(names);
		for (const name of this.places.keys()) if (!present.has(name)) this.places.delete(name);
		for (const name of names) {
			if (this.places.has(name)) continue;
			const taken = new Set(this.places.values());
			let place = 0;
			while (taken.has(place)) place++;
			this.places.set(name, place);
		}
	}

	/** The custom property with the colour of a name, "" for one that is not compared. */
	of(name) {
		const place = this.places.get(name);
		return place === undefined ? "" : `--line-${place % size}`;
	}
}
