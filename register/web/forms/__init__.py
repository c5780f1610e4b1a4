"""Forms (WTForms): what a person may fill in, and what each field got wrong."""
