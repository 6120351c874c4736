throw new RangeError("this module is broken");
