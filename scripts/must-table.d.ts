export function updatedPage(): string;
export function currentPage(): string;
