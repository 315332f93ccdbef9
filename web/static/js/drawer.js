import { byId } from "./dom.js";

const narrow = matchMedia("(max-width: 720px)");

/** In a narrow window the names are a drawer over the node; else it does nothing. */
export class Drawer {
	constructor() {
		this.side = byId("side");
		this.button = byId("menu");
		this.button.addEventListener("click", () => this.set(!this.isOpen));
		byId("shade").addEventListener("click", () => this.set(false));
		document.addEventListener("keydown", (e) => {
			if (e.key === "Escape" && this.isOpen && !e.defaultPrevented) this.set(false);
		});
		narrow.addEventListener("change", () => this.draw());
		this.isOpen = false;
		this.draw();
	}

	/** Opens it and moves the focus in, or closes it and moves the focus back. */
	set(open) {
		if (open === this.isOpen || !narrow.matches) return;
		this.isOpen = open;
		this.draw();
		if (open) byId("filter").focus();
		else this.button.focus();
	}

	/** Closes it without moving the focus. */
	close() {
		this.isOpen = false;
		this.draw();
	}

	draw() {
		const shut = narrow.matches && !this.isOpen;
		this.side.inert = shut;
		byId("detail").inert = narrow.matches && this.isOpen;
		document.body.classList.toggle("drawer", narrow.matches && this.isOpen);
		this.button.setAttribute("aria-expanded", String(!shut));
	}
}
